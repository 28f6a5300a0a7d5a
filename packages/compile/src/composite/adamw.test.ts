import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type CompileOptions, compile } from '../compile.js';
import type { StepFunction } from '../trace/trace.js';
import { adamWUpdate } from './adamw.js';

const beta1 = 0.9;
const beta2 = 0.999;
const length = 37;

// Minimizes the squared distance to a target whose scale differs from element to element.
const fit: StepFunction = ({ weight, first, second }, { target, rate, step }) => {
  const { value: loss, grads } = tf.variableGrads(() =>
    tf.sum<tf.Scalar>(tf.squaredDifference(weight!, target!)),
  );
  adamWUpdate(
    { parameter: weight!, firstMoment: first!, secondMoment: second! },
    grads.weight!,
    {
      clip: tf.minimum(1, tf.div(10, tf.sqrt(loss))),
      stepSize: tf.div(rate!, tf.sub(1, tf.pow(beta1, step!))),
      decay: tf.mul(rate!, 0.01),
      secondMomentScale: tf.rsqrt(tf.sub(1, tf.pow(beta2, step!))),
      firstMomentKeep: tf.scalar(beta1),
      secondMomentKeep: tf.scalar(beta2),
    },
    1e-8,
  );
  return { loss };
};

const options: CompileOptions = {
  variables: {
    weight: { shape: [length], value: Float32Array.from({ length }, (_, i) => Math.cos(i)) },
    first: { shape: [length], trainable: false },
    second: { shape: [length], trainable: false },
  },
  inputs: {
    target: { shape: [length], dtype: 'float32' },
    rate: { shape: [], dtype: 'float32' },
    step: { shape: [], dtype: 'float32' },
  },
};

const target = Float32Array.from({ length }, (_, i) => Math.sin(i) * (i + 1));
const inputs = (step: number) => ({ target, rate: Float32Array.of(0.01), step: Float32Array.of(step) });

/** The same steps in double precision, written out. */
function reference(steps: number): Float64Array {
  const weight = Float64Array.from({ length }, (_, i) => Math.fround(Math.cos(i)));
  const [first, second] = [new Float64Array(length), new Float64Array(length)];
  for (let step = 1; step <= steps; step++) {
    const loss = weight.reduce((sum, value, i) => sum + (value - target[i]!) ** 2, 0);
    const clip = Math.min(1, 10 / Math.sqrt(loss));
    for (let i = 0; i < length; i++) {
      const gradient = 2 * (weight[i]! - target[i]!) * clip;
      first[i] = beta1 * first[i]! + (1 - beta1) * gradient;
      second[i] = beta2 * second[i]! + (1 - beta2) * gradient ** 2;
      const denominator = Math.sqrt(second[i]! / (1 - beta2 ** step)) + 1e-8;
      weight[i]! -= 0.01 * 0.01 * weight[i]!;
      weight[i]! -= ((0.01 / (1 - beta1 ** step)) * first[i]!) / denominator;
    }
  }
  return weight;
}

describe('adamWUpdate', () => {
  it.each([
    ['eager', 1],
    ['onnx', 1],
    ['onnx', 3],
  ] as const)('follows the formula on %s with %i threads', async (engine, threads) => {
    const step = await compile(fit, { ...options, target: engine, threads });
    for (let i = 1; i <= 20; i++) await step.run(inputs(i));
    const { weight } = await step.read(['weight']);
    const expected = reference(20);
    weight!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
    await step.dispose();
  });
});
