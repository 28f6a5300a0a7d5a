import type { Dataset } from '@mlm/arrow';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TrainerState } from '../checkpoint/state.js';
import type { DataPlan } from '../data/dataset.js';
import { stepBytes } from '../engine/memory.js';
import { presetModel, presetNames } from '../models/index.js';
import { chooseMicroBatch, type MicroBatchRequest, microBatchOf } from './micro-batch.js';
import { resolveOptions } from './resolve.js';

const request = fc.record({
  batchSize: fc.integer({ min: 1, max: 300 }),
  model: fc.constantFrom(...presetNames).map((name) => presetModel(name, 30522)),
  shape: fc.record({
    sequence: fc.integer({ min: 8, max: 512 }),
    maskedShare: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  gradientAccumulation: fc.integer({ min: 1, max: 3 }),
  freeBytes: fc.integer({ min: 5e8, max: 64e9 }),
});

const needed = ({ model, shape, batchSize, gradientAccumulation }: MicroBatchRequest, rows: number) =>
  stepBytes(model, { ...shape, rows, accumulate: gradientAccumulation > 1 || rows < batchSize });

it('divides a batch into as few equal micro-batches as memory allows', () => {
  fc.assert(
    fc.property(request, (asked) => {
      const { batchSize, freeBytes } = asked;
      const budget = 0.8 * freeBytes;
      if (needed(asked, 1) > budget) {
        expect(() => chooseMicroBatch(asked)).toThrow(/needs about .* GB, and .* GB of memory are free/);
        return;
      }
      const rows = chooseMicroBatch(asked);
      const parts = Math.ceil(batchSize / rows);
      expect(needed(asked, rows)).toBeLessThanOrEqual(budget);
      expect(rows).toBeLessThanOrEqual(batchSize);
      expect(rows * parts - batchSize).toBeLessThan(parts);
      if (parts > 1) expect(needed(asked, Math.ceil(batchSize / (parts - 1)))).toBeGreaterThan(budget);
    }),
  );
});

// Peak resident bytes of three steps on the onnx engine with dropout, a seventh of the positions masked, less the 80 MB
// of the program itself.
it.each([
  ['bert-tiny', 64, 128, 1170e6],
  ['bert-mini', 4, 128, 878e6],
  ['bert-mini', 64, 128, 2980e6],
  ['bert-mini', 8, 512, 2207e6],
  ['bert-small', 32, 128, 3152e6],
  ['bert-base', 4, 128, 4807e6],
  ['bert-base', 12, 128, 6808e6],
] as const)('the estimate is near what %s took, %d × %d', (name, rows, sequence, measured) => {
  const shape = { rows, sequence, maskedShare: 1 / 7, accumulate: false };
  const ratio = stepBytes(presetModel(name, 30522), shape) / measured;
  expect(ratio).toBeGreaterThan(0.95);
  expect(ratio).toBeLessThan(1.25);
});

const run = {
  dataset: { metadata: undefined } as Dataset,
  plan: { lengths: [128] } as unknown as DataPlan,
  model: presetModel('bert-mini', 30522),
  state: undefined,
};

it('a resumed run keeps its micro-batch size', async () => {
  const options = resolveOptions({ dataset: 'a.arrow', batchSize: 'auto' });
  expect(options).toMatchObject({ batchSize: 32, microBatchSize: 'auto' });
  const state = { recipe: { 'micro-batch-size': 3 } } as unknown as TrainerState;
  expect(await microBatchOf(options, { ...run, state })).toBe(3);
});

it('a requested size is used; a device with unknown memory needs one', async () => {
  const asked = async (options: object) =>
    microBatchOf(resolveOptions({ dataset: 'a.arrow', ...options }), run);
  expect(await asked({ microBatchSize: 7 })).toBe(7);
  expect(await asked({})).toBe(32);
  await expect(asked({ batchSize: 'auto', device: 'webgpu' })).rejects.toThrow('set microBatchSize');
  await expect(asked({ microBatchSize: 33 })).rejects.toThrow(
    'microBatchSize is 33, expected auto or a whole number up to the batch size, 32',
  );
});
