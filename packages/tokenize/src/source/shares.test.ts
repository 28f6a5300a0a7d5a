import { createHash } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listFiles } from './list.js';
import { type PlanOptions, planUnits } from './plan.js';
import type { Unit } from './unit.js';

let corpus: string;
beforeAll(async () => {
  corpus = await mkdtemp(join(tmpdir(), 'mlm-shares-'));
  const columns = fileURLToPath(new URL('../../fixtures/sources/columns/', import.meta.url));
  const large = fileURLToPath(new URL('../../fixtures/sources/large/', import.meta.url));
  const gzip = (name: string, text: string) => writeFile(join(corpus, name), gzipSync(text, { level: 1 }));
  const words = (count: number) => Array.from({ length: count }, (_, i) => `word${i % 977}`).join(' ');
  const records = Array.from({ length: 3000 }, (_, i) => JSON.stringify({ text: words(300 + (i % 50)) }));
  await gzip('a-large.jsonl.gz', records.join('\n'));
  await gzip('b-small.txt.gz', words(1000));
  await cp(join(columns, 'snappy.parquet'), join(corpus, 'c.parquet'));
  await cp(join(large, 'mixed.parquet'), join(corpus, 'c-large.parquet'));
  await cp(join(large, 'groups.parquet'), join(corpus, 'c-larger.parquet'));
  await writeFile(join(corpus, 'd-plain.txt'), `${words(20)}\n\n`.repeat(60_000));
  await gzip('e-large.txt.gz', `${words(400)}\n\n`.repeat(3000));
  await gzip('f-small.jsonl.gz', records.slice(0, 9).join('\n'));
  await gzip('g-large.txt.gz', words(1_500_000));
  await cp(join(columns, 'zstd.arrow'), join(corpus, 'h.arrow'));
});
afterAll(() => rm(corpus, { recursive: true }));

/** What a worker would be given, with hashes in place of bytes. */
async function unitsOf(options: PlanOptions): Promise<unknown[]> {
  const units: unknown[] = [];
  for await (const { inputEnd: _, ...unit } of planUnits(await listFiles([corpus]), options))
    if (unit.parts.length > 0) units.push({ ...unit, parts: unit.parts.map(hashed) });
  return units;
}

function hashed({ data, ...part }: Unit['parts'][number]): object {
  return data ? { ...part, data: createHash('sha256').update(data).digest('hex') } : part;
}

test('shares of files of all kinds are the units of the whole, each once, with their numbers and bytes', async () => {
  const whole = await unitsOf({});
  expect(whole.length).toBeGreaterThan(9);
  for (const worldSize of [2, 3, 8]) {
    const shares: unknown[] = [];
    for (let rank = 0; rank < worldSize; rank++)
      shares.push(...(await unitsOf({ share: { rank, worldSize } })));
    expect(shares).toEqual(whole);
  }
});

test('a share of an input without text, which has one unit without parts, can be resumed after it', async () => {
  const empty = { files: [], folders: [], skipped: 0, bytes: 0 };
  const options = { share: { rank: 0, worldSize: 2 } };
  const unitsFrom = async (firstUnit: number) => {
    const units: Unit[] = [];
    for await (const unit of planUnits(empty, { ...options, firstUnit })) units.push(unit);
    return units;
  };
  expect(await unitsFrom(0)).toEqual([{ number: 0, parts: [], inputBytes: 0 }]);
  expect(await unitsFrom(1)).toEqual([]);
});

test('a resumed run goes on with the units that are left, with their numbers and bytes', async () => {
  const whole = (await unitsOf({})) as Unit[];
  for (const [number, { parts }] of whole.entries()) {
    const { file, end } = parts.at(-1)!;
    const left = await unitsOf({ firstUnit: number + 1, lastFinished: { files: file + 1, end } });
    expect(left).toEqual(whole.slice(number + 1));
  }
});
