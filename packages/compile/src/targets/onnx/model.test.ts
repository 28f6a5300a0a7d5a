import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { compile } from '../../compile.js';
import { type TensorFunction, trace } from '../../trace/trace.js';
import { toOnnx } from './model.js';

const specs = {
  variables: { w: { shape: [2, 2] } },
  inputs: { x: { shape: ['n', 2], dtype: 'float32' } },
} as const;
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

test('values of variables are stored in the file, and must have their lengths', () => {
  const fn: TensorFunction = ({ w }, { x }) => ({ y: tf.matMul(x!, w!) });
  const graph = trace(fn, specs);
  const stored = toOnnx(graph, { values: new Map([['w', Float32Array.of(1, 2, 3, 4)]]) });
  expect(stored.length).toBeGreaterThan(toOnnx(graph).length);
  expect(text(stored)).toContain(text(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)));
  const short = new Map([['w', Float32Array.of(1)]]);
  expect(() => toOnnx(graph, { values: short })).toThrow("the variable 'w' holds 4 values, not 1");
});

test('an assigned variable has its next value as an output', () => {
  const graph = trace(({ w }) => {
    w!.assign(tf.neg(w!));
    return {};
  }, specs);
  expect(text(toOnnx(graph))).toContain('w/next');
});

test('names that look like the file’s own do not collide with them', async () => {
  const fn: TensorFunction = ({ c1 }, { v0 }) => {
    const a = tf.exp(tf.add(v0!, c1!));
    return { v1: tf.mul(a, 2), c0: tf.add(a, 5), v2: a, again: a, v0: v0! };
  };
  const executable = await compile(fn, {
    variables: { c1: { shape: [], value: Float32Array.of(0) } },
    inputs: { v0: { shape: [2], dtype: 'float32' } },
  });
  const e = Math.fround(Math.E);
  const run = await executable.run({ v0: Float32Array.of(0, 1) });
  expect(Object.keys(run)).toEqual(['v1', 'c0', 'v2', 'again', 'v0']);
  expect(run).toEqual({
    v1: Float32Array.of(2, 2 * e),
    c0: Float32Array.of(6, e + 5),
    v2: Float32Array.of(1, e),
    again: Float32Array.of(1, e),
    v0: Float32Array.of(0, 1),
  });
  await executable.dispose();
});
