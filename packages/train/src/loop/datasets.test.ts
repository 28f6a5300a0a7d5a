import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageText } from '@mlm/base/errors';
import { Field, Int8, Int64, List, RecordBatchFileWriter, Table, vectorFromArray } from 'apache-arrow';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { evaluate } from '../predict/evaluate.js';
import { CLS, SEP, temporaryFolder, tokenizerOf, writeDataset } from '../testing/dataset.fixture.js';
import { writeTinyModel } from '../testing/model.fixture.js';
import type { TrainOptions } from './options.js';
import { train } from './train.js';

const folder = await temporaryFolder();
const model = folder.file('tiny');
const foreign = folder.file('foreign.arrow');
const unmasked = folder.file('unmasked.arrow');
const tokenizer = tokenizerOf(37);
let outputs = 0;

beforeAll(async () => {
  await writeTinyModel(model);
  await writeDataset(unmasked, { rowsPerUnit: [20], sequenceLength: 12, validationRows: 6, unmasked: true });
  // As other programs write it: 64-bit ids, no labels, no metadata, rows of differing length.
  const rows = Array.from({ length: 30 }, (_, row) => [
    CLS,
    ...Array.from({ length: 3 + (row % 9) }, (_, i) => 5 + i),
    SEP,
  ]);
  const lists = vectorFromArray(
    rows.map((row) => row.map(BigInt)),
    new List(new Field('item', new Int64(), true)),
  );
  await writeFile(
    foreign,
    RecordBatchFileWriter.writeAll(new Table({ input_ids: lists })).toUint8Array(true),
  );
});
afterAll(() => folder.remove());

async function losses(options: Partial<TrainOptions>): Promise<number[]> {
  const found: number[] = [];
  const output = folder.file(`output-${outputs++}`);
  for await (const event of train({
    dataset: foreign,
    model,
    output,
    maxSteps: 4,
    batchSize: 8,
    threads: 1,
    ...options,
  })) {
    if (event.type === 'step') found.push(event.loss);
  }
  return found;
}

it('trains on rows of other programs, with a tokenizer and dynamic masks', async () => {
  const found = await losses({ tokenizer, masking: 'dynamic' });
  expect(found).toHaveLength(4);
  for (const loss of found) expect(loss).toBeGreaterThan(0);
});

it('masks unmasked rows, including validation rows', async () => {
  expect(await losses({ dataset: unmasked, masking: 'dynamic' })).toHaveLength(4);
});

it.each<[string, Partial<TrainOptions>, RegExp]>([
  ['no tokenizer', {}, /foreign.arrow: does not say which tokenizer made it; name it with tokenizer/],
  ['no labels', { tokenizer }, /no column "labels".*masking: dynamic/],
  [
    'a vocabulary that is too small',
    { tokenizer: tokenizerOf(99), masking: 'dynamic' },
    /99 ids, the model only 37/,
  ],
  ['no such dataset', { dataset: folder.file('nothing.arrow') }, /nothing.arrow: no such dataset/],
  ['no such model', { model: 'bert-huge', tokenizer }, /bert-huge: no such checkpoint folder.*bert-base/],
  ['an early stop without evaluations', { patience: 2 }, /patience does nothing without evalEvery/],
  [
    'an early stop without validation rows',
    { tokenizer, masking: 'dynamic', patience: 2, evalEvery: 1 },
    /foreign.arrow: has no validation rows, which patience needs/,
  ],
  [
    'more frozen layers than there are',
    { dataset: unmasked, masking: 'dynamic', freezeLayers: 99 },
    /freezeLayers is 99, expected at most 2/,
  ],
  ['an option out of range', { learningRate: -1 }, /learningRate is -1, expected/],
])('refuses %s in one line', async (_, options, message) => {
  const error = await losses(options).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).message).toMatch(message);
  expect((error as InputError).message).not.toContain('\n');
});

it.each<[Partial<TrainOptions>, RegExp[]]>([
  [{ maxSteps: 3, warmup: 500 }, [/^warmup: 500: the run ends at step 3/]],
  [{ maxSteps: 1, evalEvery: 1 }, [/^evalEvery has no effect: \S+ has no validation rows/]],
  [{ maxSteps: 1, evalAtStart: true }, [/^evalAtStart has no effect: \S+ has no validation rows/]],
  [{ maxSteps: 2, evalEvery: 3, dataset: unmasked }, [/^evalEvery: 3 has no effect: the run ends at step 2/]],
  [{ maxSteps: 1 }, []],
])('tells of options that do nothing: %j', async (options, expected) => {
  const output = folder.file(`output-${outputs++}`);
  const given = { dataset: foreign, model, output, tokenizer, masking: 'dynamic', ...options } as const;
  for await (const event of train(given)) {
    if (event.type !== 'start') continue;
    expect(event.warnings).toHaveLength(expected.length);
    for (const [index, warning] of event.warnings.entries())
      expect(messageText(warning)).toMatch(expected[index]!);
    break;
  }
});

it('refuses rows that are longer than the model has positions', async () => {
  const long = folder.file('long.arrow');
  await writeDataset(long, { rowsPerUnit: [4], sequenceLength: 200 });
  await expect(losses({ dataset: long })).rejects.toThrow(
    /up to 200 tokens, the model only 128 positions.*sequenceLength: 128/,
  );
  await expect(evaluate({ dataset: long, model })).rejects.toThrow(/up to 200 tokens/);
});

it('refuses ids beyond the vocabulary', async () => {
  const small = folder.file('small');
  await writeTinyModel(small, { vocab_size: 15 });
  await expect(
    losses({ dataset: unmasked, model: small, tokenizer: tokenizerOf(15), masking: 'dynamic' }),
  ).rejects.toThrow(
    /unmasked\.arrow: input_ids holds \d+: expected an id of the vocabulary, 0 to 14; name the tokenizer/,
  );
  const masked = folder.file('masked.arrow');
  await writeDataset(masked, { rowsPerUnit: [8], sequenceLength: 16 });
  await expect(losses({ dataset: masked, model: small, tokenizer: tokenizerOf(15) })).rejects.toThrow(
    /masked.arrow: has the id \d+, the model only ids from 0 to 14/,
  );
});

it('ends with a one-line error if the loss becomes NaN, and the report says so', async () => {
  const output = folder.file('diverged');
  await expect(
    losses({ dataset: unmasked, output, masking: 'dynamic', learningRate: 1e30, warmup: 0, clipNorm: 0 }),
  ).rejects.toThrow(/the loss of step \d is not a number; train with a lower learningRate/);
  const page = await readFile(join(output, 'report.html'), 'utf8');
  expect(page).toContain('<dd>failed</dd>');
  expect(page).toMatch(/<p class="failure">[^<]*the loss of step \d is not a number/);
  expect(page).not.toContain('<p data-live');
});

it('a tokenizer file of another name is refused, and nothing is written', async () => {
  const files = { ...tokenizer.files, '../../pwned.txt': 'x' };
  const before = await readdir(folder.path);
  await expect(losses({ tokenizer: { ...tokenizer, files }, masking: 'dynamic' })).rejects.toThrow(
    /foreign.arrow: its tokenizer has a file "..\/..\/pwned.txt", expected one of tokenizer.json/,
  );
  expect(await readdir(folder.path)).toEqual(before);
});

it('an invalid attention_mask is refused', async () => {
  const lists = (rows: number[][], type: Int64 | Int8) =>
    vectorFromArray(
      rows.map((row) => (type instanceof Int64 ? row.map(BigInt) : row)),
      new List(new Field('item', type, true)),
    );
  const rows = Array.from({ length: 8 }, () => [CLS, 6, 7, 8, 9, SEP]);
  for (const value of [0, 2, -1]) {
    const table = new Table({
      input_ids: lists(rows, new Int64()),
      labels: lists(rows, new Int64()),
      attention_mask: lists(
        rows.map((_, row) => [1, 1, 1, row === 5 ? value : 1, 1, 0]),
        new Int8(),
      ),
    });
    const dataset = folder.file(`no-mask${value}.arrow`);
    await writeFile(dataset, RecordBatchFileWriter.writeAll(table).toUint8Array(true));
    if (value === 0) {
      // Rows that are all padded to more than the longest of them needs.
      expect(await losses({ dataset, tokenizer })).toHaveLength(4);
      continue;
    }
    await expect(losses({ dataset, tokenizer })).rejects.toThrow(
      `no-mask${value}.arrow: attention_mask holds ${value}, expected 0 (padding) or 1 (a token)`,
    );
  }
});

it('refuses to train as one of several processes', async () => {
  vi.stubEnv('WORLD_SIZE', '4');
  try {
    await expect(losses({ tokenizer, masking: 'dynamic' })).rejects.toThrow(
      /^WORLD_SIZE=4: training cannot be divided/,
    );
  } finally {
    vi.unstubAllEnvs();
  }
});
