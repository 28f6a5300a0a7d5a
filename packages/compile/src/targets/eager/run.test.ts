import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compile } from '../../compile.js';
import type { TensorFunction } from '../../trace/trace.js';

const outside = tf.tensor1d([7, 8]);

// Variables, inputs and tensors of the caller are not the step's to free, and two names may stand for one tensor.
const fn: TensorFunction = ({ a }, { x }) => {
  const before = a!.clone();
  a!.assign(tf.add(a!, x!));
  const twice = tf.mul(x!, 2);
  return { before, a: a!, again: a!, x: x!, twice, same: twice, outside };
};

const options = {
  variables: { a: { shape: [2], value: Float32Array.of(1, 2) } },
  inputs: { x: { shape: [2], dtype: 'float32' as const } },
};

describe.each(['eager', 'onnx'] as const)('what a function returns on %s', (engine) => {
  it('may be a variable, an input, a tensor from outside or one tensor under two names', async () => {
    const step = await compile(fn, { ...options, engine });
    const x = Float32Array.of(10, 20);
    const first = await step.run({ x });
    first.again!.fill(0);
    first.x!.fill(0);
    expect(await step.run({ x })).toEqual({
      before: Float32Array.of(11, 22),
      a: Float32Array.of(21, 42),
      again: Float32Array.of(21, 42),
      x,
      twice: Float32Array.of(20, 40),
      same: Float32Array.of(20, 40),
      outside: Float32Array.of(7, 8),
    });
    expect(first).toMatchObject({ a: Float32Array.of(11, 22), same: Float32Array.of(20, 40) });
    expect((await step.read()).a).toEqual(Float32Array.of(21, 42));
    await step.dispose();
  });

  it('leaves no tensors behind', async () => {
    const step = await compile(fn, { ...options, engine });
    await step.run({ x: Float32Array.of(10, 20) });
    const before = tf.memory().numTensors;
    await step.run({ x: Float32Array.of(10, 20) });
    expect(tf.memory().numTensors).toBe(before);
    await step.dispose();
  });

  it('must be tensors', async () => {
    const forgets = (() => ({ y: 1 })) as unknown as TensorFunction;
    const run = async () =>
      (await compile(forgets, { ...options, engine })).run({ x: Float32Array.of(1, 2) });
    await expect(run()).rejects.toThrow("'y' is not one");
  });
});
