import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type CompileOptions, compile } from '../compile.js';
import { printGraph } from '../graph/print.js';
import { planHostWork } from '../targets/onnx/host-work.js';
import { onnxProgram } from '../targets/onnx/program.js';
import { OnnxExecutable } from '../targets/onnx/run.js';
import { OnnxState } from '../targets/onnx/state.js';
import { onnx } from '../targets/onnx/target.js';
import { expectClose } from '../testing/compare.fixture.js';
import { type TensorFunction, trace } from '../trace/trace.js';
import { adamW } from './adamw.js';

const beta1 = 0.9;
const beta2 = 0.999;
const length = 37;

// Minimizes the squared distance to a target whose scale differs from element to element, by clipped AdamW.
const fit: TensorFunction = ({ weight, first, second }, { target, rate, step }) => {
  const { value: loss, grads } = tf.variableGrads(() =>
    tf.sum<tf.Scalar>(tf.squaredDifference(weight!, target!)),
  );
  adamW({
    parameter: weight!,
    firstMoment: first!,
    secondMoment: second!,
    gradient: grads.weight!,
    clip: tf.minimum(1, tf.div(10, tf.sqrt(loss))),
    firstKeep: tf.scalar(beta1),
    secondKeep: tf.scalar(beta2),
    stepSize: tf.div(rate!, tf.sub(1, tf.pow(beta1, step!))),
    secondMomentScale: tf.rsqrt(tf.sub(1, tf.pow(beta2, step!))),
    epsilon: 1e-8,
    decay: tf.mul(rate!, 0.01),
  });
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

describe('AdamW', () => {
  it.each(['eager', 'onnx'] as const)('follows the formula on %s', async (engine) => {
    const step = await compile(fit, { ...options, engine });
    for (let i = 1; i <= 20; i++) await step.run(inputs(i));
    const { weight } = await step.read(['weight']);
    const expected = reference(20);
    weight!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
    await step.dispose();
  });
});

it('stays in the graph if our kernels’ memory cannot hold the variables', async () => {
  const state = new OnnxState(options.variables!, 1024);
  const program = onnxProgram(trace(fit, options), onnx.passes, state.memory?.free ?? 0);
  expect(program.host.updates).toEqual([]);
  expect([...program.updates].sort()).toEqual(['first', 'second', 'weight']);
  const step = await OnnxExecutable.create(program, options.inputs!, { state, owned: true }, {});
  for (let i = 1; i <= 20; i++) await step.run(inputs(i));
  const { weight } = await step.read(['weight']);
  expectClose(weight!, Float32Array.from(reference(20)), 'weight', 1e-5);
  await step.dispose();
});

it('leaves the graph: onnxruntime computes gradients, the update runs in place', () => {
  const { graph, updates } = planHostWork(trace(fit, options));
  expect(Object.keys(graph.updates)).toEqual([]);
  expect(updates).toHaveLength(1);
  expect(printGraph(graph)).not.toMatch(/(first|second)[,)]/);
});

it('is expanded if its results are used elsewhere, too', async () => {
  const shown: TensorFunction = (variables, given) => {
    const { loss } = fit(variables, given);
    return { loss: loss!, now: tf.mul(variables.weight!, 2) };
  };
  const executable = await compile(shown, options);
  const { now } = await executable.run(inputs(1));
  const { weight } = await executable.read(['weight']);
  expectClose(
    now!,
    weight!.map((value) => 2 * value),
    'now',
    1e-6,
  );
  await executable.dispose();
});
