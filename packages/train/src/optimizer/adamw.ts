import { adamW as updateByAdamW } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';

/** The settings of AdamW, as in `torch.optim.AdamW`, and of gradient clipping. */
export interface AdamWOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Largest global norm of the gradients; 0 does not clip. */
  clipNorm: number;
}

/** PyTorch's defaults, and clipping at a norm of 1. */
export const adamWDefaults: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clipNorm: 1,
};

/** The numbers of one optimizer step that change from step to step: float32 scalars, inputs of the compiled graph. */
export const stepScalarNames = [
  'step_size',
  'decay',
  'second_moment_scale',
  'first_moment_keep',
  'second_moment_keep',
] as const;
export type StepScalars = Record<(typeof stepScalarNames)[number], number>;

/**
 * The scalars of optimizer step `step`, counted from 1, in double precision as PyTorch computes them.
 */
export function stepScalars(options: AdamWOptions, learningRate: number, step: number): StepScalars {
  return {
    step_size: learningRate / (1 - options.beta1 ** step),
    decay: learningRate * options.weightDecay,
    second_moment_scale: 1 / Math.sqrt(1 - options.beta2 ** step),
    first_moment_keep: options.beta1,
    second_moment_keep: options.beta2,
  };
}

/** Scalars under which an update changes nothing, exactly: for all but the last micro-batch of an accumulated step. */
export const noUpdate: StepScalars = {
  step_size: 0,
  decay: 0,
  second_moment_scale: 1,
  first_moment_keep: 1,
  second_moment_keep: 1,
};

/** The variables that AdamW keeps for a parameter. */
export const firstMoment = (name: string) => `exp_avg.${name}`;
export const secondMoment = (name: string) => `exp_avg_sq.${name}`;

/**
 * Euclidean norm over all gradients together. Each square is recorded right before it is added: onnxruntime then
 * computes the gradients of the last layers first, and keeps a fifth less memory than if it began with the embeddings'.
 */
export function globalNorm(gradients: Iterable<tf.Tensor>): tf.Tensor {
  let sum: tf.Tensor | undefined;
  for (const gradient of gradients) {
    const square = tf.sum(tf.square(gradient));
    sum = sum ? tf.add(sum, square) : square;
  }
  return tf.sqrt(sum!);
}

/**
 * One step of AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101) by the formula of `torch.optim.AdamW`, after
 * clipping by the global norm as `torch.nn.utils.clip_grad_norm_` does it. Assigns parameters and moments.
 *
 * @param gradients a gradient for each parameter to update; parameters without one stay as they are
 * @param decays which parameters weight decay applies to
 * @returns the global norm before clipping
 */
export function adamW(
  options: AdamWOptions,
  variables: Record<string, tf.Variable>,
  gradients: Record<string, tf.Tensor>,
  scalars: Record<keyof StepScalars, tf.Tensor>,
  decays: (name: string) => boolean,
): tf.Tensor {
  const norm = globalNorm(Object.values(gradients));
  const clip = options.clipNorm > 0 ? tf.minimum(tf.div(options.clipNorm, tf.add(norm, 1e-6)), 1) : undefined;
  for (const [name, gradient] of Object.entries(gradients)) {
    updateByAdamW({
      parameter: variables[name]!,
      firstMoment: variables[firstMoment(name)]!,
      secondMoment: variables[secondMoment(name)]!,
      gradient,
      clip,
      firstKeep: scalars.first_moment_keep,
      secondKeep: scalars.second_moment_keep,
      stepSize: scalars.step_size,
      secondMomentScale: scalars.second_moment_scale,
      epsilon: options.epsilon,
      decay: decays(name) && options.weightDecay > 0 ? scalars.decay : undefined,
    });
  }
  return norm;
}
