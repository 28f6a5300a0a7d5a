import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mergeDatasets } from '@mlm/arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { letters } from '../../test/corpus.js';
import { type PreprocessOptions, preprocess } from '../preprocess/preprocess.js';
import { unitTexts } from '../vocabulary/unit-texts.js';
import { listFiles } from './list.js';
import { type PlanOptions, planUnits } from './plan.js';
import { UNIT_BYTES, type Unit } from './unit.js';

const sources = fileURLToPath(new URL('../../fixtures/sources/', import.meta.url));
const large = join(sources, 'large');

/** What make_columns.py has written. */
const distinct = Array.from(
  { length: 4000 },
  (_, i) =>
    `Row ${i + 1}${String((i + 1) % 7)
      .padStart(44)
      .repeat((i + 1) % 155)}\n`,
);
const repeated = distinct.map((_, i) => distinct[i % 100]!);
const texts: Record<string, string[]> = {
  dictionary: distinct,
  groups: distinct,
  plain: distinct.filter((_, i) => i % 3 !== 0),
  delta: distinct.filter((_, i) => i % 3 !== 0),
  pages: distinct,
  repeated: [...repeated.slice(0, 2000), ...distinct.slice(0, 2000)],
  stated: repeated,
  mixed: [...distinct.slice(0, 1900), ...distinct, ...distinct.slice(0, 1000)],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-divided-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function unitsOf(path: string, options: PlanOptions = {}): Promise<Unit[]> {
  const units: Unit[] = [];
  for await (const unit of planUnits(await listFiles([path]), options)) units.push(unit);
  return units;
}

async function textsOf(units: Unit[]): Promise<string[]> {
  const read: string[] = [];
  const each = async function* () {
    yield* units;
  };
  for await (const text of unitTexts(each())) read.push(Buffer.from(text).toString());
  return read;
}

test('each file in the folder is known', async () => {
  const names = await readdir(large);
  expect(names.sort()).toEqual(
    Object.keys(texts)
      .map((name) => `${name}.parquet`)
      .sort(),
  );
});

test.each(Object.keys(texts))(
  '%s.parquet is divided into units of its text, about as long as others',
  async (name) => {
    const units = await unitsOf(join(large, `${name}.parquet`));
    expect(units.length).toBeGreaterThan(1);
    const expected = texts[name]!.join('');
    // One by one, since a diff of megabytes helps nobody.
    expect((await textsOf(units)).join('') === expected).toBe(true);
    for (const unit of units) {
      const own = (await textsOf([unit])).map((text) => text.length);
      const bytes = own.reduce((sum, length) => sum + length, 0);
      expect(bytes).toBeLessThan(2.5 * UNIT_BYTES);
      expect(Math.max(...own)).toBeLessThan(1.5 * UNIT_BYTES);
      if (unit !== units.at(-1) && !['mixed', 'repeated'].includes(name))
        expect(bytes).toBeGreaterThan(UNIT_BYTES / 2);
      expect(Math.abs(unit.inputBytes - bytes)).toBeLessThan(UNIT_BYTES / 20);
    }
  },
);

test('pages whose text headers tell are left to workers, the others are not', async () => {
  const streamed = async (name: string) =>
    (await unitsOf(join(large, `${name}.parquet`))).map(({ parts }) => parts.some(({ data }) => data));
  for (const name of ['dictionary', 'groups', 'plain', 'delta', 'pages', 'stated'])
    expect(await streamed(name), name).not.toContain(true);
  expect(await streamed('mixed')).toEqual([false, false, true, true, true, true, false]);
});

test('what is before a share, and before the unit to resume, is not decoded', async () => {
  const whole = await unitsOf(join(large, 'groups.parquet'));
  const expected = await textsOf(whole);
  const bytes = await readFile(join(large, 'groups.parquet'));
  const runs = whole[0]!.parts.flatMap(
    ({ rows }) => (rows!.plan as { runs: { start: number; end: number }[] }).runs,
  );
  // Behind the header of its first page, the last run of the first unit is no zstd any more.
  const { start, end } = runs.at(-1)!;
  const magic = bytes.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), start);
  expect(magic).toBeLessThan(end);
  bytes[magic] = 0;
  const path = join(folder, 'broken.parquet');
  await writeFile(path, bytes);
  await expect(textsOf(await unitsOf(path))).rejects.toThrow(/broken\.parquet: not a whole Parquet file/);
  const { file, end: last } = whole[0]!.parts.at(-1)!;
  const resumed = await unitsOf(path, { firstUnit: 1, lastFinished: { files: file + 1, end: last } });
  expect(await textsOf(resumed)).toEqual(expected.slice(1));
  const second = await unitsOf(path, { share: { rank: 1, worldSize: 2 } });
  expect(second[0]!.number).toBeGreaterThan(0);
  expect(second.at(-1)!.number).toBe(whole.at(-1)!.number);
  expect(await textsOf(second)).toEqual(expected.slice(second[0]!.number));
});

test('a damaged file that is divided ends in one line', async () => {
  const path = join(folder, 'damaged.parquet');
  for (const name of ['groups', 'mixed', 'repeated']) {
    const bytes = await readFile(join(large, `${name}.parquet`));
    let refused = 0;
    for (let at = 5; at < bytes.length; at += Math.ceil(bytes.length / 40)) {
      const broken = Buffer.from(bytes);
      broken[at]! ^= 0xff;
      await writeFile(path, broken);
      try {
        await textsOf(await unitsOf(path));
      } catch (error) {
        refused++;
        expect((error as Error).message, `${name} ${at}`).toMatch(/^[^\n]*damaged\.parquet: [^\n]*$/);
        expect(error, `${name} ${at}`).toHaveProperty('code', 'MLM_INPUT');
      }
    }
    expect(refused).toBeGreaterThan(8);
  }
}, 60_000);

test('a file that changes after it was divided is refused', async () => {
  const path = join(folder, 'changed.parquet');
  await cp(join(large, 'plain.parquet'), path);
  const units = await unitsOf(path);
  await utimes(path, 1, 1);
  await expect(textsOf(units)).rejects.toThrow(/changed\.parquet: changed while it was being read/);
});

test('rows, splits and counts are the same for any number of workers, in shares, and resumed', async () => {
  const corpus = join(folder, 'corpus');
  await mkdir(corpus);
  for (const name of ['groups', 'mixed', 'repeated'])
    await cp(join(large, `${name}.parquet`), join(corpus, `${name}.parquet`));
  await cp(join(sources, 'columns', 'snappy.parquet'), join(corpus, 'a-small.parquet'));
  await writeFile(join(corpus, 'b-small.txt'), 'a b c\n');
  const tokenizer = await letters();
  const run = async (options: Partial<PreprocessOptions>) => {
    const output = options.output ?? join(folder, 'out.arrow');
    const all = {
      inputs: [corpus],
      output,
      tokenizer,
      evalFraction: 0.3,
      workers: 0,
      overwrite: !options.resume,
    };
    const report = await preprocess({ ...all, ...options });
    return { ...report, hash: options.share ? '' : await hashOf(report.output) };
  };
  for (const options of [{}, { dedup: 'exact', splitBy: 'content' }] as const) {
    const whole = await run(options);
    const bytes = ['groups', 'mixed', 'repeated'].flatMap((name) => texts[name]!).join('').length;
    expect(whole.counts.bytes).toBeGreaterThan(bytes);
    expect(whole.counts.bytes).toBeLessThan(bytes + 10_000);
    if ('dedup' in options)
      expect(whole.counts.documents! + whole.counts.duplicates!).toBe(4000 + 6900 + 4000 + 42);
    else expect(whole.counts.documents).toBe(4000 + 6900 + 4000 + 42);
    for (const workers of [1, 2, 3])
      expect((await run({ ...options, workers })).hash, `${workers}`).toBe(whole.hash);
    for (const worldSize of [2, 5]) {
      const parts: string[] = [];
      for (let rank = 0; rank < worldSize; rank++)
        parts.push(
          (await run({ ...options, output: join(folder, 'p.arrow'), share: { rank, worldSize } })).output,
        );
      const merged = join(folder, 'merged.arrow');
      await mergeDatasets(parts, merged, { overwrite: true });
      expect(await hashOf(merged)).toBe(whole.hash);
    }
    const output = join(folder, 'resumed.arrow');
    const stop = new AbortController();
    const onProgress = ({ bytes, totalBytes }: { bytes: number; totalBytes: number }) => {
      if (bytes > totalBytes / 2) stop.abort();
    };
    await expect(run({ ...options, output, signal: stop.signal, onProgress })).rejects.toThrow(/abort/i);
    const resumed = await run({ ...options, output, resume: true });
    expect(resumed.resumedUnits).toBeGreaterThan(1);
    expect(resumed.hash).toBe(whole.hash);
  }
}, 120_000);

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .update(await readFile(path.replace('.arrow', '.eval.arrow')))
    .digest('hex');
}
