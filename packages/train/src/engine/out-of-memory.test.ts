import { OutOfMemoryError } from '@mlm/compile';
import { expect, it } from 'vitest';
import { presetModel } from '../models/index.js';
import { stepBytes, usableShare } from './memory.js';
import { withFittingRows } from './out-of-memory.js';

// Simulated: no device ran out of memory. These prove the message alone.
const model = presetModel('bert-base', 30522);
const shape = { rows: 64, sequence: 128, maskedShare: 0.15, accumulate: false };
const error = new OutOfMemoryError('device: cuda', 64);
const explained = (freeBytes: number | undefined) =>
  (withFittingRows(error, { model, shape, freeBytes }) as Error).message;

it('simulated: the message names the number of rows that should fit', () => {
  const room = stepBytes(model, { ...shape, rows: 21, accumulate: true }) / usableShare;
  expect(explained(room + 1e6)).toBe(
    'device: cuda: a step of 64 rows does not fit into memory; try microBatchSize: 21, which does not change the result',
  );
});

it('simulated: it names half the rows if the memory is unknown, or the estimate must be wrong', () => {
  for (const freeBytes of [undefined, 1e12, 1e6])
    expect(explained(freeBytes)).toContain('microBatchSize: 32,');
});

it('other errors stay as they are', () => {
  const other = new Error('No such op');
  expect(withFittingRows(other, { model, shape, freeBytes: 1e9 })).toBe(other);
  const weights = new OutOfMemoryError('device: cuda', undefined);
  expect(withFittingRows(weights, { model, shape, freeBytes: 1e9 })).toBe(weights);
});
