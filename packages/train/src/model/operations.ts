import * as tf from '@tensorflow/tfjs-core';
import type { HiddenActivation } from './config.js';

interface Differentiable {
  value: tf.Tensor;
  /** Tensors that the gradient needs, handed back to it. */
  saved: tf.Tensor[];
  gradient: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[];
}

/** A function with a gradient of our own: one tensor per input. tfjs's derived ones keep and pass over more memory. */
export function withGradient(
  inputs: tf.Tensor[],
  forward: (inputs: tf.Tensor[]) => Differentiable,
): tf.Tensor {
  const operation = tf.customGrad((...given) => {
    const save = given.at(-1) as (tensors: tf.Tensor[]) => void;
    const { value, saved, gradient } = forward(given.slice(0, -1) as tf.Tensor[]);
    save(saved);
    return { value, gradFunc: gradient };
  });
  return operation(...inputs);
}

/** x · weightᵀ + bias, with x [rows, in] and weight [out, in] as torch.nn.Linear stores it. */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.add(tf.matMul(x, weight, false, true), bias);
}

/** Layer normalization of x [rows, features] (Ba et al. 2016, arXiv:1607.06450). */
export function layerNorm(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor {
  return withGradient([x, weight, bias], ([x, weight, bias]) => {
    const centered = tf.sub(x!, tf.mean(x!, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true);
    const deviation = tf.rsqrt(tf.add(variance, epsilon));
    const normalized = tf.mul(centered, deviation);
    return {
      value: tf.add(tf.mul(normalized, weight!), bias!),
      saved: [normalized, deviation, weight!],
      gradient: (dy, [normalized, deviation, weight]) => {
        const scaled = tf.mul(dy, weight!);
        const mean = tf.mean(scaled, -1, true);
        const projection = tf.mean(tf.mul(scaled, normalized!), -1, true);
        const dx = tf.mul(deviation!, tf.sub(tf.sub(scaled, mean), tf.mul(normalized!, projection)));
        return [dx, tf.sum(tf.mul(dy, normalized!), 0), tf.sum(dy, 0)];
      },
    };
  });
}

/** The activation between the two linear layers of a feed-forward block. */
export function activate(x: tf.Tensor, activation: HiddenActivation): tf.Tensor {
  if (activation === 'relu') return tf.relu(x);
  return activation === 'gelu' ? gelu(x) : geluTanh(x);
}

/** x · Φ(x), exact (Hendrycks and Gimpel 2016, arXiv:1606.08415). */
function gelu(x: tf.Tensor): tf.Tensor {
  return withGradient([x], ([x]) => {
    const cumulative = tf.mul(tf.add(tf.erf(tf.mul(x!, Math.SQRT1_2)), 1), 0.5);
    return {
      value: tf.mul(x!, cumulative),
      saved: [x!, cumulative],
      gradient: (dy, [x, cumulative]) => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return [tf.mul(dy, tf.add(cumulative!, tf.mul(x!, density)))];
      },
    };
  });
}

function geluTanh(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}
