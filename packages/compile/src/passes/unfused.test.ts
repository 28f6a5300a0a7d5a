import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { adamW } from '../primitives/adamw.js';
import { onnx } from '../targets/onnx/target.js';
import { type TensorFunction, trace } from '../trace/trace.js';

const specs = {
  variables: { p: { shape: [4] }, m: { shape: [4] }, v: { shape: [4] } },
  inputs: { x: { shape: [3, 4], dtype: 'float32' } },
} as const;
const told = (fn: TensorFunction) => onnx.unfused(trace(fn, specs));

const cumulative = (x: tf.Tensor) => tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
const normalized = (x: tf.Tensor, axis: number) => {
  const centered = tf.sub(x, tf.mean(x, axis, true));
  return tf.mul(centered, tf.rsqrt(tf.add(tf.mean(tf.square(centered), axis, true), 1e-5)));
};
const half = () => tf.scalar(0.5);
const update = ({ p, m, v }: Record<string, tf.Variable>, gradient: tf.Tensor) =>
  adamW({
    parameter: p!,
    firstMoment: m!,
    secondMoment: v!,
    gradient,
    firstKeep: half(),
    secondKeep: half(),
    stepSize: half(),
    secondMomentScale: half(),
    epsilon: 1e-8,
  });

it('reports nothing if everything is recognised', () => {
  const fn: TensorFunction = (variables, { x }) => {
    const y = normalized(tf.mul(x!, cumulative(x!)), -1);
    update(variables, tf.sum(y, 0));
    return { y };
  };
  expect(told(fn)).toEqual([]);
});

it.each<[string, TensorFunction, RegExp]>([
  ['a normalization over the first axis', (_, { x }) => ({ y: normalized(x!, 0) }), /^1 × a normalization/],
  [
    'a normalization by a division',
    (_, { x }) => ({ y: tf.div(x!, tf.sqrt(tf.add(tf.mean(tf.square(x!), -1, true), 1e-5))) }),
    /^1 × a normalization/,
  ],
  ['Φ of a value that it does not multiply', (_, { x }) => ({ y: cumulative(x!) }), /^1 × erf/],
  [
    'a GELU by a division',
    (_, { x }) => ({ y: tf.mul(x!, tf.mul(0.5, tf.add(1, tf.erf(tf.div(x!, Math.SQRT2))))) }),
    /^1 × erf/,
  ],
  [
    'an update that another assignment follows',
    (variables, { x }) => {
      update(variables, tf.sum(x!, 0));
      variables.p!.assign(tf.mul(variables.p!, 2));
      return {};
    },
    /^1 × AdamW/,
  ],
])('tells of %s', (_, fn, line) => {
  expect(told(fn)).toEqual([expect.stringMatching(line)]);
});
