import { defined } from '@mlm/base/defined';
import type { TupleOf } from '@mlm/base/tuple';
import { dropoutMask } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';
import type { Dropout, ModelTensors, Parameter } from './model.js';

type Tensors = readonly tf.Tensor[];

/**
 * A function with its own gradient. The gradients that tfjs derives keep more tensors and make more passes over memory.
 *
 * @param forward returns the value, and the tensors that the gradient needs
 * @param gradient returns the gradient of each input, given that of the value
 */
export function withGradient<const Inputs extends Tensors, const Saved extends Tensors>(
  inputs: Inputs,
  forward: (inputs: TupleOf<Inputs, tf.Tensor>) => { value: tf.Tensor; saved: Saved },
  gradient: (dy: tf.Tensor, saved: TupleOf<Saved, tf.Tensor>) => TupleOf<Inputs, tf.Tensor>,
): tf.Tensor {
  const operation = tf.customGrad((...given) => {
    const save = given.pop() as unknown as (tensors: Tensors) => void;
    const { value, saved } = forward(given as Tensors as TupleOf<Inputs, tf.Tensor>);
    save(saved);
    const gradFunc = (dy: tf.Tensor, kept: Tensors) => [...gradient(dy, kept as TupleOf<Saved, tf.Tensor>)];
    return { value, gradFunc };
  });
  return operation(...inputs);
}

/**
 * x · weightᵀ + bias, with x [rows, in], and `<name>.weight` [out, in] as in torch.nn.Linear. Without `<name>.bias`, no
 * bias is added.
 */
export function linear(x: tf.Tensor, tensors: ModelTensors, name: string): tf.Tensor {
  const [weight, bias] = [tensors[`${name}.weight`]!, tensors[`${name}.bias`]];
  return bias ? affine(x, weight, bias) : tf.matMul(x, weight, false, true);
}

/** x · weightᵀ + bias. */
export function affine(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.add(tf.matMul(x, weight, false, true), bias);
}

/** The weight, normally distributed, and the bias, 0, of {@link linear}. */
export function linearParameters(
  name: string,
  shape: readonly [output: number, input: number],
  deviation: number,
  layer: Parameter['layer'],
): Parameter[] {
  return [
    { name: `${name}.weight`, shape, init: { normal: deviation }, decays: true, layer },
    biasParameter(`${name}.bias`, shape[0], layer),
  ];
}

/** A bias, 0 at first. */
export function biasParameter(name: string, size: number, layer: Parameter['layer']): Parameter {
  return { name, shape: [size], init: 'zeros', decays: false, layer };
}

/** The rows of a table [vocabulary, width] at `ids` [batch, sequence]: [batch, sequence, width]. */
export function lookUp(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  const [batch, sequence] = ids.shape as [number, number];
  const rows = tf.gather(table, tf.reshape(ids, [batch * sequence]));
  return tf.reshape(rows, [batch, sequence, table.shape[1]!]);
}

/** An embedding table, normally distributed. @param zeroRow the padding id, whose row starts as 0 */
export function embeddingParameter(
  name: string,
  shape: readonly [rows: number, width: number],
  deviation: number,
  zeroRow?: number,
): Parameter {
  const init = defined({ normal: deviation, zeroRow });
  return { name, shape, init, decays: true, layer: 'embeddings' };
}

/**
 * Layer normalization (Ba et al. 2016, arXiv:1607.06450) of x [rows, features] with `<name>.weight` and, if the model
 * has one, `<name>.bias`.
 */
export function layerNorm(x: tf.Tensor, tensors: ModelTensors, name: string, epsilon: number): tf.Tensor {
  const weight = tensors[`${name}.weight`]!;
  const bias = tensors[`${name}.bias`];
  return withGradient(
    [x, weight, ...(bias ? [bias] : [])],
    ([x, weight, bias]) => {
      const centered = tf.sub(x, tf.mean(x, -1, true));
      const variance = tf.mean(tf.square(centered), -1, true);
      const deviation = tf.rsqrt(tf.add(variance, epsilon));
      const normalized = tf.mul(centered, deviation);
      const scaled = tf.mul(normalized, weight);
      return { value: bias ? tf.add(scaled, bias) : scaled, saved: [normalized, deviation, weight] };
    },
    (dy, [normalized, deviation, weight]) => {
      const scaled = tf.mul(dy, weight);
      const mean = tf.mean(scaled, -1, true);
      const projection = tf.mean(tf.mul(scaled, normalized), -1, true);
      const dx = tf.mul(deviation, tf.sub(tf.sub(scaled, mean), tf.mul(normalized, projection)));
      const dWeight = tf.sum(tf.mul(dy, normalized), 0);
      return bias ? [dx, dWeight, tf.sum(dy, 0)] : [dx, dWeight];
    },
  );
}

/** The weight, 1, and the bias, 0, of {@link layerNorm}. */
export function normParameters(name: string, size: number, layer: Parameter['layer']): Parameter[] {
  return [
    { name: `${name}.weight`, shape: [size], init: 'ones', decays: false, layer },
    biasParameter(`${name}.bias`, size, layer),
  ];
}

/** The supported activations. */
export const activations = ['gelu', 'gelu_new', 'gelu_pytorch_tanh', 'relu'] as const;
/** `gelu` is exact (erf); `gelu_new` and `gelu_pytorch_tanh` are the tanh approximation. */
export type Activation = (typeof activations)[number];

/** The activation between the two linear layers of a feed-forward block. */
export function activate(x: tf.Tensor, activation: Activation): tf.Tensor {
  if (activation === 'relu') return tf.relu(x);
  return activation === 'gelu' ? gelu(x) : geluTanh(x);
}

/** x · Φ(x), exact (Hendrycks and Gimpel 2016, arXiv:1606.08415). */
function gelu(x: tf.Tensor): tf.Tensor {
  return withGradient(
    [x],
    ([x]) => {
      const cumulative = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
      return { value: tf.mul(x, cumulative), saved: [x, cumulative] };
    },
    (dy, [x, cumulative]) => {
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [tf.mul(dy, tf.add(cumulative, tf.mul(x, density)))];
    },
  );
}

function geluTanh(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** The dropout of evaluation and prediction: none. */
export const noDropout: Dropout = (x) => x;

/**
 * Dropout that depends only on key, stream and element, so that a resumed run draws the same masks as an uninterrupted
 * one.
 *
 * @param key int32 [2]: the run's seed, and the number of the batch in the run
 */
export function keyedDropout(key: tf.Tensor): Dropout {
  return (x, rate, stream) =>
    rate === 0 ? x : tf.mul(x, dropoutMask(key, { shape: x.shape, rate, stream }));
}
