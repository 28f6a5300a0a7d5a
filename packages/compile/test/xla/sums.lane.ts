import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { segmentSum } from '../../src/primitives/segment-sum.js';
import { expectSame } from '../../src/testing/passes.fixture.js';
import { trace } from '../../src/trace/trace.js';
import { evaluate } from './evaluate.js';

beforeAll(() => tf.setBackend('cpu'));

const width = 3;

/** base − Σ x at ids, sorted as on a GPU. */
async function sorted(base: Float32Array, x: Float32Array, ids: Int32Array) {
  const segments = base.length / width;
  const graph = trace(
    (_, { base, x, ids }) => ({
      value: tf.sub(base!, tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, segments)),
    }),
    {
      inputs: {
        base: { shape: [segments, width], dtype: 'float32' },
        x: { shape: [ids.length, width], dtype: 'float32' },
        ids: { shape: [ids.length], dtype: 'int32' },
      },
    },
  );
  const given = new Map(graph.inputs.map((value) => [value, { base, x, ids }[value.name as 'base']]));
  return (await evaluate(graph, given, { sortedSums: true })) as Float32Array;
}

// Blocks have 128 rows: within one, over many that one id fills, and ids of no segment on either side.
test('sums over duplicates that are sorted add up every row once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1, 5, 128, 129, 500, 1000),
      fc.constantFrom(1, 2, 9, 3000),
      fc.integer(),
      async (rows, segments, seed) => {
        const draw = (i: number) => Math.abs(Math.imul(i + seed, 0x9e3779b1) ^ (i * 7919));
        const ids = Int32Array.from({ length: rows }, (_, i) => (draw(i) % (segments + 2)) - 1);
        // One in two is of one segment, as words are.
        for (let i = 0; i < rows; i += 2) ids[i] = (segments - 1) >> 1;
        const x = Float32Array.from({ length: rows * width }, (_, i) => (draw(i + 7) % 1000) / 500 - 1);
        const base = Float32Array.from({ length: segments * width }, (_, i) => i % 3);
        const sums = new Float64Array(base.length);
        segmentSum(x, ids, sums, segments);
        expectSame(
          { value: await sorted(base, x, ids) },
          { value: base.map((value, i) => value - sums[i]!) },
          1e-4,
        );
      },
    ),
    { numRuns: 25 },
  );
});

test('sorted sums are the same bits again', async () => {
  const rows = 1000;
  const x = Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i));
  const ids = Int32Array.from({ length: rows }, (_, i) => (i * i) % 5);
  const base = new Float32Array(5 * width);
  expect(await sorted(base, x, ids)).toEqual(await sorted(base, x, ids));
});
