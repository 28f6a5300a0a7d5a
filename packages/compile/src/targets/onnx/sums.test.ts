import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compile } from '../../compile.js';
import type { TensorFunction } from '../../trace/trace.js';

// rows × width above 210,000, from where onnxruntime 1.30 divides ScatterND and most else among its threads.
const [rows, width, places] = [2048, 128, 300] as const;
const runs = 40;

/** Few numbers are frequent, as token ids are. */
const ids = Int32Array.from({ length: rows }, (_, i) => Math.floor(places ** (((i * 7919) % rows) / rows)));
/** Whole numbers, whose sums are exact in any order: a wrong one is a lost update. */
const values = Float32Array.from({ length: rows * width }, (_, i) => 1 + ((i * 31) % 8));

const expected = new Float32Array(places * width);
for (let i = 0; i < values.length; i++)
  expected[ids[Math.floor(i / width)]! * width + (i % width)]! += values[i]!;

const two = () => tf.scalar(2, 'int32');
const halves = (i: tf.Tensor) => tf.stack([tf.floorDiv(i, two()), tf.mod(i, two())], 1);

/** Every way in which a traced function comes to a sum over duplicates. */
const sums: Readonly<Record<string, TensorFunction>> = {
  unsortedSegmentSum: (_, { x, i }) => ({ y: tf.unsortedSegmentSum(x!, i as tf.Tensor1D, places) }),
  scatterND: (_, { x, i }) => ({ y: tf.scatterND(tf.reshape(i!, [rows, 1]), x!, [places, width]) }),
  'scatterND of two indices': (_, { x, i }) => ({ y: tf.scatterND(halves(i!), x!, [places / 2, 2, width]) }),
  'the gradient of gather': ({ table }, { x, i }) => ({
    y: tf.grad((t: tf.Tensor) => tf.sum(tf.mul(tf.gather(t, i as tf.Tensor1D), x!)))(table!),
  }),
  'the gradient of gather along the last axis': ({ table }, { x, i }) => {
    const gathered = (t: tf.Tensor) => tf.transpose(tf.gather(tf.transpose(t), i as tf.Tensor1D, 1));
    return { y: tf.grad((t: tf.Tensor) => tf.sum(tf.mul(gathered(t), x!)))(table!) };
  },
};

const specs = {
  variables: { table: { shape: [places, width] } },
  inputs: { x: { shape: ['rows', width], dtype: 'float32' }, i: { shape: ['rows'], dtype: 'int32' } },
} as const;
const fixed = {
  ...specs,
  inputs: { x: { shape: [rows, width], dtype: 'float32' }, i: { shape: [rows], dtype: 'int32' } },
} as const;

describe('sums over duplicates are exact, run after run', () => {
  describe.each([1, 2, 2 * availableParallelism() + 1])('on %i threads', (threads) => {
    it.each(Object.entries(sums))('%s', async (name, fn) => {
      const options = name.startsWith('scatterND') ? fixed : specs;
      const step = await compile(fn, { ...options, threads });
      let wrong = 0;
      for (let run = 0; run < runs; run++) {
        const { y } = await step.run({ x: values, i: ids });
        for (let at = 0; at < expected.length; at++) if (y![at] !== expected[at]) wrong++;
      }
      await step.dispose();
      expect(wrong).toBe(0);
    });
  });
});

it('an index outside fails the run, whichever part of it is outside', async () => {
  const step = await compile((_, { x, i }) => ({ y: tf.scatterND(i!, x!, [3, 4]) }), {
    inputs: { x: { shape: [1], dtype: 'float32' }, i: { shape: [1, 2], dtype: 'int32' } },
  });
  const at = (...index: number[]) => step.run({ x: Float32Array.of(1), i: Int32Array.from(index) });
  expect((await at(2, 1)).y![9]).toBe(1);
  for (const index of [
    [3, 0],
    [-1, 0],
    [0, 4],
    [1, -1],
  ])
    await expect(at(...index), String(index)).rejects.toThrow();
  await step.dispose();
});
