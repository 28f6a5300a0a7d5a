import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { type StepFunction, trace } from '../trace/trace.js';
import { toOnnx } from './model.js';

const specs = {
  variables: { w: { shape: [2, 2] } },
  inputs: { x: { shape: ['n', 2], dtype: 'float32' } },
} as const;
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

test('values of variables stand in the file, and must fill them', () => {
  const fn: StepFunction = ({ w }, { x }) => ({ y: tf.matMul(x!, w!) });
  const graph = trace(fn, specs);
  const stored = toOnnx(graph, { values: new Map([['w', Float32Array.of(1, 2, 3, 4)]]) });
  expect(stored.length).toBeGreaterThan(toOnnx(graph).length);
  expect(text(stored)).toContain(text(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)));
  const short = new Map([['w', Float32Array.of(1)]]);
  expect(() => toOnnx(graph, { values: short })).toThrow("the variable 'w' holds 4 values, not 1");
});

test('an assigned variable leaves the file as its next value', () => {
  const graph = trace(({ w }) => {
    w!.assign(tf.neg(w!));
    return {};
  }, specs);
  expect(text(toOnnx(graph))).toContain('w/next');
});
