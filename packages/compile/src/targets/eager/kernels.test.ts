import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { replaceSlowKernels } from './kernels.js';

const random = (shape: number[], seed: number) => tf.randomUniform(shape, -1, 1, 'float32', seed);
const shapes: [a: number[], b: number[]][] = [
  [[3, 4], []],
  [[], [3, 4]],
  [[3, 4], [4]],
  [
    [1, 4],
    [3, 4],
  ],
  [
    [2, 3, 4],
    [3, 4],
  ],
  [
    [2, 3, 4],
    [1, 1, 4],
  ],
  [
    [3, 4],
    [3, 1],
  ],
  [
    [3, 1],
    [1, 4],
  ],
  [[1, 1, 4], [4]],
  [[1], []],
  [[0, 4], [4]],
];

/** What tfjs answers, with whichever kernels it has. */
function answers() {
  const elementwise = [tf.add, tf.sub, tf.mul, tf.div].flatMap((operation) => [
    ...shapes.map(([a, b]) => operation(random(a, 1), random(b, 2))),
    operation(tf.tensor1d([7, 8], 'int32'), tf.scalar(2, 'int32')),
  ]);
  const ids = tf.tensor1d([2, 0, 2, -1, 5, 4], 'int32');
  const sums = [[6], [6, 3], [6, 2, 3]].map((shape) => tf.unsortedSegmentSum(random(shape, 3), ids, 5));
  return [...elementwise, ...sums].map((tensor) => ({
    shape: tensor.shape,
    dtype: tensor.dtype,
    values: tensor.dataSync(),
  }));
}

it('computes the same as tfjs’s kernels', () => {
  const expected = answers();
  replaceSlowKernels();
  expect(answers()).toEqual(expected);
});

it('adds up many segments in one pass', () => {
  replaceSlowKernels();
  const segments = 200_000;
  const start = performance.now();
  const sums = tf.unsortedSegmentSum(tf.ones([64, 8]), tf.fill([64], segments - 1, 'int32'), segments);
  expect(tf.slice(sums, [segments - 1, 0]).dataSync()).toEqual(new Float32Array(8).fill(64));
  // tfjs's own kernel takes a minute or more.
  expect(performance.now() - start).toBeLessThan(5_000);
});
