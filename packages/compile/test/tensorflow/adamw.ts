import { elementCount } from '@mlm/base/shape';
import * as tf from '@tensorflow/tfjs-core';
import { adamW } from '../../src/primitives/adamw.js';
import type { InputSpec, TensorFunction } from '../../src/trace/trace.js';

const [BETA1, BETA2, EPSILON, CLIP] = [0.9, 0.999, 1e-8, 0.5];
const scalarNames = ['step_size', 'decay', 'second_moment_scale', 'first_keep', 'second_keep'] as const;

/** Inputs that change from step to step. */
export const stepScalarInputs: Record<string, InputSpec> = Object.fromEntries(
  scalarNames.map((name) => [name, { shape: [], dtype: 'float32' }]),
);

/** Their values at a step, counted from 1, with a warm-up over ten steps. */
export function scalarsOf(step: number): Record<(typeof scalarNames)[number], Float32Array> {
  const rate = 0.02 * Math.min(1, step / 10);
  return {
    step_size: Float32Array.of(rate / (1 - BETA1 ** step)),
    decay: Float32Array.of(rate * 0.1),
    second_moment_scale: Float32Array.of(1 / Math.sqrt(1 - BETA2 ** step)),
    first_keep: Float32Array.of(BETA1),
    second_keep: Float32Array.of(BETA2),
  };
}

const parameters = { weight: [3, 2], bias: [2] };

export function adamWVariables() {
  const variables: Record<string, { shape: number[]; trainable: boolean; value?: Float32Array }> = {};
  for (const [name, shape] of Object.entries(parameters)) {
    const value = Float32Array.from({ length: elementCount(shape) }, (_, i) => Math.cos(3 * i));
    variables[name] = { shape, trainable: true, value };
    variables[`first.${name}`] = { shape, trainable: false };
    variables[`second.${name}`] = { shape, trainable: false };
  }
  return variables;
}

/** A small regression trained by AdamW, with clipping by the global norm; only the weight decays. */
export const adamWStep: TensorFunction = (variables, inputs) => {
  const trained = Object.keys(parameters).map((name) => variables[name]!);
  const { value: loss, grads } = tf.variableGrads(() => {
    const y = tf.add(tf.matMul(inputs.x as tf.Tensor2D, variables.weight as tf.Tensor2D), variables.bias!);
    return tf.mean(tf.square(tf.sub(tf.tanh(y), 0.3))) as tf.Scalar;
  }, trained);
  const squares = trained.map(({ name }) => tf.sum(tf.square(grads[name]!)));
  const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)));
  const clip = tf.minimum(tf.div(CLIP, tf.add(norm, 1e-6)), 1);
  const { step_size, decay, second_moment_scale, first_keep, second_keep } = inputs as Record<
    string,
    tf.Tensor
  >;
  for (const name of Object.keys(parameters)) {
    adamW({
      parameter: variables[name]!,
      firstMoment: variables[`first.${name}`]!,
      secondMoment: variables[`second.${name}`]!,
      gradient: grads[name]!,
      clip,
      firstKeep: first_keep!,
      secondKeep: second_keep!,
      stepSize: step_size!,
      secondMomentScale: second_moment_scale!,
      epsilon: EPSILON,
      ...(name === 'weight' && { decay: decay! }),
    });
  }
  return { loss, norm };
};
