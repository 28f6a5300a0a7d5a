// Masks every token of a row that is not protected.
import assert from 'node:assert/strict';
import { listColumn, tokenBatch } from '@mlm/arrow';
import { IGNORED_LABEL, maskBatch, maskingRule } from '@mlm/masking';

const rows = { values: Int32Array.of(101, 7592, 102), offsets: Int32Array.of(0, 3) };
const tokenizer = {
  specialIds: { mask: 103, pad: 0 },
  protectedIds: [0, 100, 101, 102, 103],
  vocabularySize: 30522,
};
const rule = maskingRule(tokenizer, { probability: 1, replace: 'mask', labels: 'masked', seed: 42 });
const masked = maskBatch(tokenBatch(rows, { unit: 0, firstRow: 0, split: 'train' }), rule);
assert.deepEqual([...listColumn(masked, 'input_ids').values.subarray(0, 3)], [101, 103, 102]);
assert.deepEqual(
  [...listColumn(masked, 'labels').values.subarray(0, 3)],
  [IGNORED_LABEL, 7592, IGNORED_LABEL],
);
