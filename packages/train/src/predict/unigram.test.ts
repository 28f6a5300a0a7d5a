import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { arrowFile, type BatchPlace, describeBatches, maskedBatch } from '@mlm/arrow';
import { afterAll, expect, it } from 'vitest';
import { CLS, MASK, SEP, temporaryFolder, tokenizerOf, writeDataset } from '../testing/dataset.fixture.js';
import { unigramLoss } from './unigram.js';

const folder = await temporaryFolder();
afterAll(() => folder.remove());

const describe = describeBatches({
  format_version: 1,
  generator: 'test',
  tokenizer: tokenizerOf(8),
  sequence_length: 5,
  cut: { document: 'line', line_by_line: false, overflow: 'wrap' },
  masking: { probability: 0.15, replace: 'mask', labels: 'masked', seed: 1 },
});

function rowOf(ids: number[], labels: number[], place: BatchPlace) {
  const column = (values: number[]) => ({
    values: Int32Array.from(values),
    offsets: Int32Array.of(0, ids.length),
  });
  const attention_mask = { values: new Int8Array(ids.length).fill(1), offsets: Int32Array.of(0, ids.length) };
  return describe(maskedBatch({ input_ids: column(ids), labels: column(labels), attention_mask }, place));
}

it('predicts the frequencies of the training tokens before masking', async () => {
  const path = folder.file('frequencies.arrow');
  const train = rowOf([CLS, MASK, 5, 5, 6, SEP], [-100, 5, -100, -100, -100, -100], {
    unit: 0,
    firstRow: 0,
    split: 'train',
  });
  const held = rowOf([CLS, MASK, 7, MASK, 7, SEP], [-100, 6, -100, 5, -100, -100], {
    unit: 1,
    firstRow: 0,
    split: 'validation',
  });
  await pipeline(Readable.from([train, held]), arrowFile(path));
  // Seen: 5 three times, 6 once, 7 never; one more of each by smoothing, special tokens left out.
  expect(await unigramLoss(path)).toBeCloseTo(-(Math.log(2 / 7) + Math.log(4 / 7)) / 2, 12);
});

it('refuses a dataset without a validation part', async () => {
  const path = folder.file('train-only.arrow');
  await writeDataset(path, { rowsPerUnit: [4], sequenceLength: 8 });
  await expect(unigramLoss(path)).rejects.toThrow('has no validation part');
});
