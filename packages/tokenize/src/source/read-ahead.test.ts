import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { letters } from '../../test/corpus.js';
import { frame } from '../formats/zstd.fixture.js';
import { preprocess } from '../preprocess/preprocess.js';
import { listFiles } from './list.js';
import { type PlanOptions, planUnits } from './plan.js';

let folder: string;
let corpus: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-ahead-'));
  corpus = join(folder, 'corpus');
  await mixedCorpus(corpus);
});
afterAll(() => rm(folder, { recursive: true }));

/** Enough for two threads that read ahead, hardly compressed: 40 MB in files of each compression, and others between. */
async function mixedCorpus(path: string): Promise<void> {
  await mkdir(path);
  const gzip = (name: string, text: string) => writeFile(join(path, name), gzipSync(text, { level: 0 }));
  const zstd = (name: string, text: string) =>
    writeFile(
      join(path, name),
      frame({ content: Buffer.from(text), hasChecksum: true, hasSize: true }, 1 << 17),
    );
  await gzip('a.txt.gz', text(9, 'a'));
  await zstd('b.jsonl.zst', records(9));
  await writeFile(join(path, 'c.txt'), text(5, 'b'));
  for (let i = 0; i < 40; i++) await gzip(`d${i + 10}.txt.gz`, text(0.05, 'c'));
  await gzip('e.jsonl.gz', records(7));
  await writeFile(join(path, 'f.jsonl'), records(0.1));
  await zstd('g.txt.zst', text(9, 'ab'));
  await gzip('h.txt.gz', text(6, 'ca'));
}

/** So many megabytes of text, in documents. */
function text(megabytes: number, word: string): string {
  const line = `${word} abc ${' '.repeat(1000)} bc\n`;
  return Array.from({ length: (megabytes * 1e6) / line.length }, (_, i) =>
    i % 7 === 0 ? `${line}a${i}\n\n` : line,
  ).join('');
}

function records(megabytes: number): string {
  return Array.from(
    { length: megabytes * 500 },
    (_, i) => `{"n":${i},"text":"${'a b '.repeat(480 + (i % 37))}"}\n`,
  ).join('');
}

interface Planned {
  /** With hashes in place of bytes. */
  units: object[];
  error: string | undefined;
  /** Most threads of the process at a time, above those at the beginning. */
  threads: number;
}

async function planned(inputs: string[], options: PlanOptions): Promise<Planned> {
  const before = threads();
  const units: object[] = [];
  let error: string | undefined;
  let most = 0;
  try {
    for await (const { inputEnd: _, ...unit } of planUnits(await listFiles(inputs), options)) {
      most = Math.max(most, threads() - before);
      const parts = unit.parts.map(({ data, ...part }) => ({
        ...part,
        data: data && createHash('sha256').update(data).digest('hex'),
      }));
      units.push({ ...unit, parts });
    }
  } catch (failure) {
    error = (failure as Error).message;
  }
  return { units, error, threads: most };
}

const threads = () => readdirSync('/proc/self/task').length;
const openFiles = () => readdirSync('/dev/fd').length;

test('units are the same, with their bytes, whatever the number of threads that read ahead', async () => {
  const alone = await planned([corpus], { workers: 1 });
  expect(alone.error).toBeUndefined();
  expect(alone.units.length).toBeGreaterThan(12);
  const [four, eight] = [await planned([corpus], { workers: 4 }), await planned([corpus], { workers: 8 })];
  expect(four.units).toEqual(alone.units);
  expect(eight.units).toEqual(alone.units);
  expect(alone.threads).toBe(0);
  expect(four.threads).toBeGreaterThan(0);
  expect(eight.threads).toBeGreaterThan(four.threads);
  const byContent = { splitBy: 'content', document: 'file' } as const;
  expect((await planned([corpus], { workers: 8, ...byContent })).units).toEqual(
    (await planned([corpus], { workers: 1, ...byContent })).units,
  );
});

test('shares and resumed runs are the units of the whole, also where several threads count those before', async () => {
  const { units } = await planned([corpus], { workers: 1 });
  for (const workers of [2, 4, 9]) {
    const shares: object[] = [];
    for (let rank = 0; rank < 8; rank++) {
      const share = { rank, worldSize: 8 };
      const own = await planned([corpus], { workers, share });
      shares.push(...own.units.filter((unit) => (unit as { parts: object[] }).parts.length > 0));
    }
    expect(shares).toEqual(units);
  }
  for (const finished of [3, units.length - 2]) {
    const { file, end } = (units[finished - 1] as { parts: { file: number; end: number }[] }).parts.at(-1)!;
    const options = { firstUnit: finished, lastFinished: { files: file + 1, end }, workers: 4 };
    expect((await planned([corpus], options)).units).toEqual(units.slice(finished));
  }
});

test('an error comes when it is its turn, with the message and after the units that one thread would give', async () => {
  const damaged = join(folder, 'damaged');
  await mixedCorpus(damaged);
  await truncate(join(damaged, 'b.jsonl.zst'), 5e6);
  await truncate(join(damaged, 'd30.txt.gz'), 2e4);
  await truncate(join(damaged, 'h.txt.gz'), 3e6);
  // The second, one of many small, and the last are damaged: each time the first of those that are left is mended.
  for (const name of ['b.jsonl.zst', 'd30.txt.gz', 'h.txt.gz']) {
    const alone = await planned([damaged], { workers: 1 });
    expect(alone.error).toMatch(`${name}: broken`);
    for (const workers of [4, 8]) {
      const { units, error } = await planned([damaged], { workers });
      expect({ units, error }).toEqual({ units: alone.units, error: alone.error });
    }
    await writeFile(join(damaged, name), readFileSync(join(corpus, name)));
  }
});

test('whether the reader stops early, a file fails or a run is aborted, no thread and no open file is left', async () => {
  const output = join(folder, 'aborted.arrow');
  const job = { inputs: [corpus], output, tokenizer: await letters(), workers: 4, overwrite: true };
  // Starts what stays, such as the threads in which Node reads files.
  await preprocess(job);
  const before = [threads(), openFiles()];
  const nothingIsLeft = () =>
    vi.waitFor(
      () => {
        expect(threads()).toBeLessThanOrEqual(before[0]!);
        expect(openFiles()).toBeLessThanOrEqual(before[1]!);
      },
      { timeout: 20_000 },
    );
  for (const stop of [1, 2, 5]) {
    let units = 0;
    for await (const _ of planUnits(await listFiles([corpus]), { workers: 8 })) if (++units === stop) break;
    await nothingIsLeft();
  }
  const broken = join(folder, 'x.jsonl.gz');
  await writeFile(broken, 'not compressed');
  const { error } = await planned([corpus, broken], { workers: 8 });
  expect(error).toMatch('x.jsonl.gz: broken gzip data');
  await nothingIsLeft();
  for (const delay of [0, 30, 90]) {
    await expect(preprocess({ ...job, signal: AbortSignal.timeout(delay) })).rejects.toThrow(/abort/i);
    await nothingIsLeft();
  }
});

test('threads that read ahead do not keep a process that has lost its interest in units', () => {
  const script = `import { listFiles, textFiles } from '${new URL('../../dist/index.js', import.meta.url)}';
    const units = textFiles(await listFiles(['${corpus}']), { workers: 8 });
    units.once('data', () => units.pause());`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 60_000,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('datasets have the same bytes, whatever the number of workers', async () => {
  const tokenizer = await letters();
  const [one, four] = await Promise.all(
    [1, 4].map(async (workers) => {
      const output = join(folder, `${workers}.arrow`);
      await preprocess({ inputs: [corpus], output, tokenizer, workers, sequenceLength: 64 });
      return readFileSync(output);
    }),
  );
  expect(four!.equals(one!)).toBe(true);
});
