import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { compile } from '../../src/compile.js';
import { EagerExecutable } from '../../src/targets/eager/run.js';
import { TensorflowExecutable } from '../../src/targets/tensorflow/run.js';
import { recordNode } from '../../src/trace/recording.js';
import { type TensorFunction, trace } from '../../src/trace/trace.js';
import { adamWStep, adamWVariables, scalarsOf, stepScalarInputs } from './adamw.js';
import { device } from './device.js';

beforeAll(() => tf.setBackend('cpu'));

const create = (fn: TensorFunction, options: Parameters<typeof trace>[1] & object) =>
  TensorflowExecutable.create(trace(fn, options), options.inputs ?? {}, options.variables ?? {}, {
    threads: 2,
    device,
  });

test('fifty AdamW steps by the fused operation follow plain tfjs, with clipping, decay and varying batch sizes', async () => {
  const inputs = { x: { shape: ['batch', 3], dtype: 'float32' as const }, ...stepScalarInputs };
  const variables = adamWVariables();
  const compiled = await create(adamWStep, { variables, inputs });
  const eager = new EagerExecutable(adamWStep, { variables, inputs });
  for (let step = 1; step <= 50; step++) {
    const x = Float32Array.from({ length: 3 * (1 + (step % 4)) }, (_, i) => Math.sin(i * step));
    const feeds = { x, ...scalarsOf(step) };
    const [got, wanted] = [await compiled.run(feeds), await eager.run(feeds)];
    expect(got.loss![0]).toBeCloseTo(wanted.loss![0]!, 4);
  }
  const [got, wanted] = [await compiled.read(), await eager.read()];
  for (const name of Object.keys(variables)) {
    got[name]!.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[name]![i]!, 4);
    });
  }
  await Promise.all([compiled.dispose(), eager.dispose()]);
});

test('state starts as given, is read and written in parts, and is no other step’s', async () => {
  const swap: TensorFunction = ({ a, b }) => {
    const before = tf.clone(a!);
    a!.assign(tf.add(b!, 0));
    b!.assign(before);
    return { sum: tf.add(tf.sum(a!), tf.sum(b!)) };
  };
  const variables = {
    a: { shape: [2], value: Float32Array.of(1, 2) },
    b: { shape: [2], value: Float32Array.of(10, 20) },
    count: { shape: [], dtype: 'int32' as const, value: Int32Array.of(7) },
  };
  const first = await create(swap, { variables });
  const second = await create(swap, { variables });
  expect((await first.run({})).sum![0]).toBe(33);
  expect(await first.read()).toEqual({
    a: Float32Array.of(10, 20),
    b: Float32Array.of(1, 2),
    count: Int32Array.of(7),
  });
  await first.write({ b: Float32Array.of(5, 6) });
  expect(await first.read(['b', 'a'])).toEqual({ a: Float32Array.of(10, 20), b: Float32Array.of(5, 6) });
  expect((await second.read(['a'])).a).toEqual(Float32Array.of(1, 2));
  await expect(first.write({ b: Float32Array.of(1) })).rejects.toThrow("'b' holds 2 values, not 1");
  await expect(first.read(['c'])).rejects.toThrow("no variable 'c'");
  await Promise.all([first.dispose(), second.dispose()]);
});

test('a step leaves the backend that tfjs was set to, and no tensors', async () => {
  await tf.setBackend('cpu');
  const step = await create((_, { x }) => ({ y: tf.mul(x!, 2) }), {
    inputs: { x: { shape: ['n'], dtype: 'float32' } },
  });
  const before = tf.memory().numTensors;
  expect((await step.run({ x: Float32Array.of(1, 2) })).y).toEqual(Float32Array.of(2, 4));
  expect(tf.getBackend()).toBe('cpu');
  expect(tf.memory().numTensors).toBe(before);
  await step.dispose();
});

test('the result of an accumulating update is handed out after it ran, and a run is bit-identical when repeated', async () => {
  const variables = adamWVariables();
  const inputs = { x: { shape: ['batch', 3], dtype: 'float32' as const }, ...stepScalarInputs };
  const states: Record<string, ArrayLike<number>>[] = [];
  for (let repeat = 0; repeat < 2; repeat++) {
    const step = await create(adamWStep, { variables, inputs });
    for (let i = 1; i <= 5; i++) await step.run({ x: new Float32Array(30).fill(i), ...scalarsOf(i) });
    states.push(await step.read());
    await step.dispose();
  }
  expect(states[1]).toEqual(states[0]);
});

test('a step that shares variables sees what the other one wrote, and the other way round', async () => {
  const double: TensorFunction = ({ a }) => {
    a!.assign(tf.mul(a!, 2));
    return { before: tf.clone(a!) };
  };
  const sum: TensorFunction = ({ a }) => ({ sum: tf.sum(a!) });
  const variables = { a: { shape: [2], value: Float32Array.of(1, 2) } };
  const training = await compile(double, { variables, engine: 'tensorflow', device, threads: 2 });
  const evaluation = await compile(sum, {
    variables: { a: { shape: [2] } },
    engine: 'tensorflow',
    device,
    threads: 2,
    share: training,
  });
  expect((await evaluation.run({})).sum![0]).toBe(3);
  await training.run({});
  expect((await evaluation.run({})).sum![0]).toBe(6);
  await evaluation.write({ a: Float32Array.of(5, 5) });
  await training.run({});
  expect((await training.read()).a).toEqual(Float32Array.of(10, 10));
  expect((await evaluation.run({})).sum![0]).toBe(20);
  await Promise.all([evaluation.dispose(), training.dispose()]);
});

test('a variable, an input and one tensor under two names may be returned, and are the caller’s', async () => {
  const fn: TensorFunction = ({ a }, { x }) => {
    const twice = tf.mul(x!, 2);
    a!.assign(tf.add(a!, x!));
    return { a: a!, x: x!, twice, same: twice };
  };
  const step = await create(fn, {
    variables: { a: { shape: [2], value: Float32Array.of(1, 2) } },
    inputs: { x: { shape: [2], dtype: 'float32' } },
  });
  const x = Float32Array.of(10, 20);
  for (const values of Object.values(await step.run({ x }))) values.fill(0);
  const [twice, same] = [Float32Array.of(20, 40), Float32Array.of(20, 40)];
  expect(await step.run({ x })).toEqual({ a: Float32Array.of(21, 42), x, twice, same });
  await step.dispose();
});

test('one process runs TensorFlow on one device, and says so', async () => {
  const fn: TensorFunction = (_, { x }) => ({ y: tf.neg(x!) });
  const options = { inputs: { x: { shape: [1], dtype: 'float32' as const } }, engine: 'tensorflow' as const };
  const step = await compile(fn, { ...options, device, threads: 2 });
  const other = device === 'cpu' ? 'cuda' : 'cpu';
  await expect(compile(fn, { ...options, device: other })).rejects.toThrow(
    `device: ${other}: TensorFlow already runs on ${device} in this process`,
  );
  await step.dispose();
});

test('a dropout mask is a function of key and stream, has the rate asked for, and is 0 or 1 / (1 − rate)', async () => {
  const shape = ['n', 500] as const;
  const fn: TensorFunction = ({ key }, { x }) => {
    const mask = (stream: number) =>
      recordNode('DropoutMask', [key!], { shape: x!.shape, rate: 0.1, stream }, [
        { shape: x!.shape, dtype: 'float32' },
      ])[0]!;
    return { first: mask(0), second: mask(1) };
  };
  const step = await create(fn, {
    variables: { key: { shape: [2], dtype: 'int32', value: Int32Array.of(42, 1) } },
    inputs: { x: { shape: [...shape], dtype: 'float32' } },
  });
  const x = new Float32Array(500 * 401);
  const { first, second } = (await step.run({ x })) as Record<'first' | 'second', Float32Array>;
  expect(first!.length).toBe(x.length);
  expect(new Set(first)).toEqual(new Set([0, Math.fround(1 / (1 - Math.round(0.1 * 65536) / 65536))]));
  const zeros = first!.filter((value) => value === 0).length / x.length;
  expect(Math.abs(zeros - 0.1)).toBeLessThan(5 * Math.sqrt((0.1 * 0.9) / x.length));
  const both = first!.filter((value, i) => value === 0 && second![i] === 0).length / x.length;
  expect(Math.abs(both - 0.01)).toBeLessThan(5 * Math.sqrt((0.01 * 0.99) / x.length));
  expect((await step.run({ x })).first).toEqual(first);
  await step.write({ key: Int32Array.of(42, 2) });
  expect((await step.run({ x })).first).not.toEqual(first);
  await step.dispose();
});

test('bf16 casts the operands of matrix products alone', async () => {
  const fn: TensorFunction = (_, { x }) => ({
    y: tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D),
    z: tf.mul(x!, 1.001),
  });
  const inputs = { x: { shape: [2, 2], dtype: 'float32' as const } };
  const step = await compile(fn, { inputs, engine: 'tensorflow', device, precision: 'bf16', threads: 2 });
  const { y, z } = await step.run({ x: Float32Array.of(1.001, 0, 0, 2) });
  expect([...y!]).toEqual([1, 0, 0, 4]);
  expect(z![0]).toBeCloseTo(1.001 * 1.001, 6);
  await step.dispose();
});
