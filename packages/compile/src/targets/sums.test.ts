import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compile } from '../compile.js';
import type { TensorFunction } from '../trace/trace.js';

// The lanes in interop/ run this on the engines and devices that need more than Node.
const engine = (process.env.MLM_TEST_ENGINES ?? 'onnx') as 'onnx' | 'tensorflow' | 'xla';
const device = (process.env.MLM_TEST_DEVICE ?? 'cpu') as 'cpu' | 'webgpu' | 'cuda';
/** XLA sizes its threads when a process opens it. */
const threadCounts = engine === 'xla' ? [undefined] : [1, 2, 2 * availableParallelism() + 1];
const runs = threadCounts.length === 1 ? 120 : 40;

// rows × width above 210,000, from where onnxruntime 1.30 divides ScatterND and most else among its threads.
const [rows, width, places] = [2048, 128, 300] as const;

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

/** No whole numbers: their sums have other bits in another order. */
const fractions = values.map((value, i) => value * Math.sin(i));

describe(`sums over duplicates are complete, and have the same bits run after run: ${engine}`, () => {
  describe.each(threadCounts)('on %s threads', (threads) => {
    it.each(Object.entries(sums))('%s', async (name, fn) => {
      const executable = await compile(fn, {
        ...(name.startsWith('scatterND') ? fixed : specs),
        engine,
        device,
        ...(threads && { threads }),
      });
      const sumOf = async (x: Float32Array) => (await executable.run({ x, i: ids })).y as Float32Array;
      const first = bytes(await sumOf(fractions));
      let [wrong, different] = [0, 0];
      for (let run = 0; run < runs; run++) {
        if (!bytes(await sumOf(values)).equals(bytes(expected))) wrong++;
        if (!bytes(await sumOf(fractions)).equals(first)) different++;
      }
      await executable.dispose();
      expect({ wrong, different }).toEqual({ wrong: 0, different: 0 });
    });
  });
});

const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer, byteOffset, byteLength);
