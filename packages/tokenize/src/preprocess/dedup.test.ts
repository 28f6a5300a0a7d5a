import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { mergeDatasets, openDataset } from '@mlm/arrow';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { letters, rowsIn, wideCorpus } from '../../test/corpus.js';
import { loadTokenizer } from '../tokenizer/load.js';
import { type PreprocessOptions, preprocess } from './preprocess.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mlm-dedup-'));
});
afterEach(() => rm(root, { recursive: true }));

async function run(options: Partial<PreprocessOptions>) {
  const report = await preprocess({
    inputs: [join(root, 'corpus')],
    output: join(root, 'out.arrow'),
    tokenizer: await letters(),
    sequenceLength: 16,
    evalFraction: 0.3,
    workers: 0,
    dedup: 'exact',
    ...options,
  });
  return { ...report, hash: await hashOf(report.output) };
}

const hashOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

/** What a dataset holds, but for its description. */
async function contentsOf(path: string) {
  const dataset = await openDataset(path);
  const { metadata, validation } = dataset;
  const { duplicates = 0, ...counts } = metadata!.counts!;
  const units = metadata!.rows_per_unit;
  const rows = [await rowsIn(dataset), validation ? await rowsIn(validation) : []];
  await dataset.close();
  return { duplicates, rest: { counts, units, rows } };
}

const document = fc.array(fc.constantFrom('a', 'b', 'c', 'ab', 'abc'), { minLength: 1, maxLength: 3 });
const files = fc.array(fc.array(document, { maxLength: 12 }), { minLength: 2, maxLength: 5 });

/** Files of each way to hold documents, in which spaces stand for those at which `isLeft` says no. */
async function put(folder: string, contents: string[][][], isLeft: (document: string) => boolean) {
  await mkdir(folder, { recursive: true });
  for (const [file, found] of contents.entries()) {
    const texts = found.map((words) => words.join(' '));
    const left = texts.map((text) => (isLeft(text) ? text : ' '.repeat(text.length)));
    const records = left.map((text) => `${JSON.stringify({ text })}\n`).join('');
    const kinds = [
      { end: 'txt', bytes: `${left.join('\n\n')}\n` },
      { end: 'jsonl', bytes: records },
      { end: 'jsonl.gz', bytes: gzipSync(records) },
      { end: 'txt.gz', bytes: gzipSync(left.join('\n\n')) },
    ];
    const { end, bytes } = kinds[file % kinds.length]!;
    await writeFile(join(folder, `${file}.${end}`), bytes);
  }
}

test('the dataset is that of the input with spaces instead of what stood before', async () => {
  let trial = 0;
  await fc.assert(
    fc.asyncProperty(
      files.filter((all) => all.flat().length > 0),
      fc.constantFrom(0, 0.3),
      fc.constantFrom<'stream' | 'documents'>('stream', 'documents'),
      async (contents, evalFraction, pack) => {
        const [whole, left] = ['whole', 'left'].map((name) => join(root, `${name}${trial}`));
        const seen = new Set<string>();
        await put(whole!, contents, () => true);
        await put(left!, contents, (text) => !seen.has(text) && seen.add(text).size > 0);
        const options = { evalFraction, splitBy: 'content', pack } as const;
        const output = join(root, `out${trial++}.arrow`);
        await run({ inputs: [whole!], output, ...options });
        const expected = join(root, `expected${trial}.arrow`);
        await run({ inputs: [left!], output: expected, dedup: undefined, ...options });
        const [got, reference] = await Promise.all([contentsOf(output), contentsOf(expected)]);
        expect(got.rest).toEqual(reference.rest);
        expect(got.duplicates).toBe(contents.flat().length - seen.size);
      },
    ),
    { numRuns: 20 },
  );
});

test('by place, documents go to validation that did before', async () => {
  const corpus = join(root, 'corpus');
  await mkdir(corpus);
  const different = Array.from({ length: 40 }, (_, i) =>
    'ab'
      .repeat(i + 1)
      .split('')
      .join(' '),
  );
  for (const [file, name] of ['1.txt', '2.txt', '3.txt'].entries())
    await writeFile(join(corpus, name), ['c', ...different.filter((_, i) => i % 3 === file), 'c'].join('\n'));
  const rows = async (dedup: 'exact' | undefined) => {
    const output = join(root, `${dedup}.arrow`);
    await run({ output, dedup, document: 'line', lineByLine: true, sequenceLength: 128 });
    return (await contentsOf(output)).rest.rows;
  };
  const c = 7;
  const [got, all] = [await rows('exact'), await rows(undefined)];
  const others = (split: number[][]) => split.filter((row) => !row.includes(c));
  expect(got.map(others)).toEqual(all.map(others));
  expect(got[1]!.length).toBeGreaterThan(0);
  expect(got.flat().length).toBe(41);
});

test.each(['file', 'blank-line', 'line'] as const)(
  'nothing is left of duplicates for a tokenizer to which spaces are text: %s',
  async (document) => {
    const tokenizer = await loadTokenizer(
      new URL('../../fixtures/pipeline/roberta.json', import.meta.url).pathname,
    );
    const [whole, left] = [join(root, 'whole'), join(root, 'left')];
    for (const [folder, second] of [
      [whole, 'the  cat\n'],
      [left, ''],
    ] as const) {
      await mkdir(folder);
      for (const [i, text] of ['the  cat', second, 'a dog'].entries())
        await writeFile(join(folder, `${i}.txt`), text);
    }
    const output = join(root, 'left.arrow');
    const common = { tokenizer, document, evalFraction: 0 };
    await run({ ...common, inputs: [whole] });
    await run({ ...common, inputs: [left], output });
    const [got, reference] = await Promise.all([contentsOf(join(root, 'out.arrow')), contentsOf(output)]);
    expect(got.rest.rows).toEqual(reference.rest.rows);
    expect(got.duplicates).toBe(1);
  },
);

/** Files of several units, one of them twice and both times with a document of more than a unit. */
async function wideDuplicates(): Promise<void> {
  const corpus = join(root, 'corpus');
  await wideCorpus(corpus);
  const long = `${'abc'.padEnd(4000)}ab${' '.repeat(997)}`.repeat(1000);
  const [b, z] = await Promise.all(['b.txt', 'z.txt'].map((name) => readFile(join(corpus, name), 'utf8')));
  await writeFile(join(corpus, 'b.txt'), `c\n\n${b}\n\n${long}\n\na`);
  await writeFile(join(corpus, 'y.txt.gz'), gzipSync(`b c\n\n${long}\n\n${b}\n\n${z}`));
}

test('it is the same for any number of workers, in shares, and resumed', async () => {
  await wideDuplicates();
  const whole = await run({});
  const { duplicates = 0, documents = 0 } = whole.counts;
  const distinct = await run({ output: join(root, 'all.arrow'), dedup: undefined });
  expect(duplicates + documents).toBe(distinct.counts.documents);
  expect(duplicates).toBeGreaterThan(300);
  expect(whole.validationRows).toBeGreaterThan(0);

  expect((await run({ output: join(root, 'threads.arrow'), workers: 3 })).hash).toBe(whole.hash);
  const parts = [];
  for (const rank of [0, 1, 2])
    parts.push((await run({ output: join(root, 'p.arrow'), share: { rank, worldSize: 3 } })).output);
  await mergeDatasets(parts, join(root, 'merged.arrow'));
  expect(await hashOf(join(root, 'merged.arrow'))).toBe(whole.hash);

  const output = join(root, 'resumed.arrow');
  const stop = new AbortController();
  const onProgress = ({ bytes, totalBytes }: { bytes: number; totalBytes: number }) => {
    if (bytes > totalBytes / 2) stop.abort();
  };
  await expect(run({ output, signal: stop.signal, onProgress })).rejects.toThrow(/abort/i);
  await expect(run({ output, resume: true, dedup: undefined })).rejects.toThrow(/cannot resume: cut/);
  const resumed = await run({ output, resume: true });
  expect(resumed.resumedUnits).toBeGreaterThan(1);
  expect(resumed.hash).toBe(whole.hash);
  const dataset = await openDataset(output);
  expect(dataset.metadata).toMatchObject({
    format_version: 1,
    cut: { dedup: 'exact' },
    counts: { duplicates },
  });
  await dataset.close();
}, 60_000);

test('too many different documents end the run, and the message names the option', async () => {
  await mkdir(join(root, 'corpus'));
  const lines = Array.from({ length: 9000 }, (_, i) =>
    i.toString(3).replaceAll(/\d/g, (digit) => 'abc'[+digit]!),
  );
  await writeFile(join(root, 'corpus', 'lines.txt'), lines.join('\n'));
  const options = { document: 'line', dedupMemory: 100_000 } as const;
  await expect(run(options)).rejects.toThrow(
    /^\d+ different documents fill dedupMemory: 100000; raise it \(a document takes up to 32 bytes\), or leave out dedup$/,
  );
  await run({ ...options, dedupMemory: 9000 * 32 });
});
