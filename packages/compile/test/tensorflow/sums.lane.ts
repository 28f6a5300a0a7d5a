import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { compile } from '../../src/compile.js';
import type { TensorFunction } from '../../src/trace/trace.js';
import { device } from './device.js';

beforeAll(() => tf.setBackend('cpu'));

const [rows, width, places] = [4096, 128, 300] as const;
const ids = Int32Array.from({ length: rows }, (_, i) => Math.floor(places ** (((i * 7919) % rows) / rows)));
const inputs = {
  x: { shape: [rows, width], dtype: 'float32' },
  i: { shape: [rows], dtype: 'int32' },
} as const;
const sums: Readonly<Record<string, TensorFunction>> = {
  unsortedSegmentSum: (_, { x, i }) => ({ y: tf.unsortedSegmentSum(x!, i as tf.Tensor1D, places) }),
  scatterND: (_, { x, i }) => ({ y: tf.scatterND(tf.reshape(i!, [rows, 1]), x!, [places, width]) }),
};

test.each(Object.entries(sums))('%s is complete, and has the same bits in every run', async (_, fn) => {
  const executable = await compile(fn, { inputs, engine: 'tensorflow', device });
  const whole = Float32Array.from({ length: rows * width }, (_, i) => 1 + ((i * 31) % 8));
  const expected = new Float32Array(places * width);
  for (let i = 0; i < whole.length; i++)
    expected[ids[Math.floor(i / width)]! * width + (i % width)]! += whole[i]!;
  expect((await executable.run({ x: whole, i: ids })).y).toEqual(expected);
  const x = whole.map((value, i) => value * Math.sin(i));
  const first = Buffer.from((await executable.run({ x, i: ids })).y!.buffer);
  for (let run = 0; run < 100; run++) {
    expect(Buffer.from((await executable.run({ x, i: ids })).y!.buffer).equals(first)).toBe(true);
  }
  await executable.dispose();
});
