import * as tf from '@tensorflow/tfjs-core';
import { checkpoint } from '../primitives/checkpoint.js';
import { dropoutMask } from '../primitives/dropout-mask.js';
import type { TensorFunction } from '../trace/trace.js';
import { sample } from './compare.fixture.js';

export const layers = 3;
const [rows, width] = [6, 8] as const;
type Layer = { x: tf.Tensor; weight: tf.Tensor; bias: tf.Tensor };

const weights = Object.fromEntries(
  Array.from({ length: layers }, (_, i) => [
    [`weight${i}`, { shape: [width, width], value: sample(width * width, i) }],
    [`bias${i}`, { shape: [width], value: sample(width, 10 + i) }],
  ]).flat(),
);
/** The options with which to compile `plain` and `checkpointed`. */
export const options = {
  variables: weights,
  inputs: {
    x: { shape: ['rows', width], dtype: 'float32' },
    key: { shape: [2], dtype: 'int32' },
  },
} as const;
export const given = { x: sample(rows * width, 5), key: Int32Array.of(1, 2) };

/** Loss and gradients of layers with a nonlinearity, a normalization and dropout; `keep` runs a layer. */
const network =
  (keep: (layer: (inputs: Layer) => tf.Tensor, inputs: Layer) => tf.Tensor): TensorFunction =>
  (variables, { x, key }) => {
    const { value, grads } = tf.variableGrads(() => {
      let hidden: tf.Tensor = x!;
      for (let i = 0; i < layers; i++) {
        const layer = ({ x, weight, bias }: Layer) => {
          const y = tf.add(tf.tanh(tf.matMul(x, weight)), bias);
          const centered = tf.sub(y, tf.mean(y, -1, true));
          const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centered), -1, true), 1e-5));
          const mask = dropoutMask(key!, { shape: x.shape, rate: 0.25, stream: i });
          return tf.mul(tf.mul(centered, scale), mask);
        };
        hidden = keep(layer, { x: hidden, weight: variables[`weight${i}`]!, bias: variables[`bias${i}`]! });
      }
      return tf.sum(tf.square(hidden)) as tf.Scalar;
    });
    return { loss: value, ...grads };
  };
export const plain = network((layer, inputs) => layer(inputs));
/** The same network, whose layers are recomputed for their gradients. */
export const checkpointed = network(checkpoint);
