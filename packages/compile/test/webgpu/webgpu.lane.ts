import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { compile } from '../../src/compile.js';
import { applyPasses } from '../../src/passes/passes.js';
import { dropoutMask } from '../../src/primitives/dropout-mask.js';
import { EagerExecutable } from '../../src/targets/eager/run.js';
import { webgpu } from '../../src/targets/webgpu/target.js';
import { type TensorFunction, trace } from '../../src/trace/trace.js';
import { adamWStep, adamWVariables, scalarsOf, stepScalarInputs } from '../tensorflow/adamw.js';
import { placement } from './placement.js';

beforeAll(() => tf.setBackend('cpu'));

test('fifty AdamW steps with the state on the device follow eager tfjs', async () => {
  const inputs = { x: { shape: ['batch', 3], dtype: 'float32' as const }, ...stepScalarInputs };
  const variables = adamWVariables();
  const device = await compile(adamWStep, { variables, inputs, device: 'webgpu' });
  const eager = new EagerExecutable(adamWStep, { variables, inputs });
  for (let step = 1; step <= 50; step++) {
    const x = Float32Array.from({ length: 3 * (1 + (step % 4)) }, (_, i) => Math.sin(i * step));
    const feeds = { x, ...scalarsOf(step) };
    const [got, wanted] = [await device.run(feeds), await eager.run(feeds)];
    expect(got.loss![0]).toBeCloseTo(wanted.loss![0]!, 4);
  }
  const [got, wanted] = [await device.read(), await eager.read()];
  for (const name of Object.keys(variables)) {
    got[name]!.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[name]![i]!, 4);
    });
  }
  await device.write({ bias: Float32Array.of(3, 4) });
  expect((await device.read(['bias'])).bias).toEqual(Float32Array.of(3, 4));
  await Promise.all([device.dispose(), eager.dispose()]);
});

test('operations that WebGPU lacks have other forms: nothing but sizes and the order of ids comes from the CPU', async () => {
  const fn: TensorFunction = ({ table }, { ids, x, key }) => {
    const rows = tf.gather(table!, ids!);
    const { value, grads } = tf.variableGrads(() => {
      const scores = tf.matMul(tf.reshape(tf.gather(table!, ids!), [2, 2, 4]), x as tf.Tensor3D, false, true);
      const mask = dropoutMask(key!, { shape: [2, 2, 2], rate: 0.5, stream: 3 });
      const hot = tf.sum(tf.mul(tf.cast(tf.oneHot(ids as tf.Tensor1D, 4), 'float32'), rows));
      return tf.add(tf.sum(tf.mul(tf.softmax(scores), mask)), hot) as tf.Scalar;
    });
    return { value, gradient: grads[table!.name]! };
  };
  const variables = { table: { shape: [5, 4] } };
  const inputs = {
    ids: { shape: [4], dtype: 'int32' as const },
    x: { shape: [2, 2, 4], dtype: 'float32' as const },
    key: { shape: [2], dtype: 'int32' as const },
  };
  const values = {
    table: { data: new Float32Array(20).fill(0.5), shape: [5, 4] },
    ids: { data: Int32Array.of(1, 1, 0, 3), shape: [4] },
    x: { data: new Float32Array(16).fill(1), shape: [2, 2, 4] },
    key: { data: Int32Array.of(1, 2), shape: [2] },
  };
  const placed = await placement(
    applyPasses(webgpu.passes, trace(fn, { variables, inputs })),
    'webgpu',
    values,
  );
  expect(placed.filter(({ provider }) => provider === 'WebGpu').length).toBeGreaterThan(5);
  const onCpu = placed.filter(({ provider }) => provider === 'CPU').map(({ operation }) => operation);
  expect(onCpu.filter((operation) => operation !== 'TopK' && operation !== 'Cast')).toEqual([]);
});

test('sums over duplicates are complete, and have the same bits in every run', async () => {
  const [rows, width, places] = [2048, 32, 300];
  const fn: TensorFunction = (_, { x, ids }) => ({
    y: tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, places),
  });
  const ids = Int32Array.from({ length: rows }, (_, i) => Math.floor(places ** (((i * 7919) % rows) / rows)));
  const inputs = {
    x: { shape: [rows, width], dtype: 'float32' },
    ids: { shape: [rows], dtype: 'int32' },
  } as const;
  const executable = await compile(fn, { inputs, device: 'webgpu' });
  const whole = Float32Array.from({ length: rows * width }, (_, i) => 1 + ((i * 31) % 8));
  const expected = new Float32Array(places * width);
  for (let i = 0; i < whole.length; i++)
    expected[ids[Math.floor(i / width)]! * width + (i % width)]! += whole[i]!;
  expect((await executable.run({ x: whole, ids })).y).toEqual(expected);
  const x = whole.map((value, i) => value * Math.sin(i));
  const first = (await executable.run({ x, ids })).y;
  for (let run = 0; run < 20; run++) expect((await executable.run({ x, ids })).y).toEqual(first);
  await executable.dispose();
});

test('a dropout mask on the device is a function of key and stream and has the rate asked for', async () => {
  const fn: TensorFunction = (_, { key }) => {
    const mask = (stream: number) => dropoutMask(key!, { shape: [60, 31, 53], rate: 0.1, stream });
    return { first: mask(0), second: mask(1) };
  };
  const step = await compile(fn, { inputs: { key: { shape: [2], dtype: 'int32' } }, device: 'webgpu' });
  const draw = (seed: number, number: number) => step.run({ key: Int32Array.of(seed, number) });
  const { first, second } = (await draw(42, 1)) as Record<'first' | 'second', Float32Array>;
  const { length } = first;
  const share = (zero: (i: number) => boolean) =>
    Array.from({ length }, (_, i) => i).filter((i) => zero(i)).length / length;
  const within = (got: number, wanted: number) =>
    expect(Math.abs(got - wanted)).toBeLessThan(5 * Math.sqrt((wanted * (1 - wanted)) / length));
  expect(new Set(first)).toEqual(new Set([0, Math.fround(1 / 0.9)]));
  const later = (await draw(42, 2)).first!;
  within(
    share((i) => first[i] === 0),
    0.1,
  );
  for (const other of [second, later, first.slice(1), first.slice(53), first.slice(53 * 31)]) {
    within(
      share((i) => first[i] === 0 && other[i] === 0),
      0.01,
    );
  }
  expect((await draw(42, 1)).first).toEqual(first);
  await step.dispose();
});
