import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type CompileOptions, compile } from '../../src/compile.js';
import { dropoutMask } from '../../src/primitives/dropout-mask.js';
import type { XlaExecutable } from '../../src/targets/xla/run.js';
import type { TensorFunction } from '../../src/trace/trace.js';
import { adamWStep, adamWVariables, scalarsOf, stepScalarInputs } from '../tensorflow/adamw.js';

beforeAll(() => tf.setBackend('cpu'));

const create = (fn: TensorFunction, options: CompileOptions) =>
  compile(fn, { engine: 'xla', device: 'cpu', ...options }) as Promise<XlaExecutable>;

test('fifty AdamW steps follow plain tfjs, with clipping, decay and varying batch sizes, in a program a size', async () => {
  const inputs = { x: { shape: ['batch', 3], dtype: 'float32' as const }, ...stepScalarInputs };
  const variables = adamWVariables();
  const compiled = await create(adamWStep, { variables, inputs });
  const eager = await compile(adamWStep, { engine: 'eager', variables, inputs });
  for (let step = 1; step <= 50; step++) {
    const x = Float32Array.from({ length: 3 * (1 + (step % 4)) }, (_, i) => Math.sin(i * step));
    const feeds = { x, ...scalarsOf(step) };
    const [got, wanted] = [await compiled.run(feeds), await eager.run(feeds)];
    expect(got.loss![0]).toBeCloseTo(wanted.loss![0]!, 5);
  }
  expect(compiled.programs).toBe(4);
  const [got, wanted] = [await compiled.read(), await eager.read()];
  for (const name of Object.keys(variables)) {
    got[name]!.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[name]![i]!, 5);
    });
  }
  await Promise.all([compiled.dispose(), eager.dispose()]);
});

test('state starts as given, is read and written in parts, and nobody else’s', async () => {
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
  const [first, second] = [await create(swap, { variables }), await create(swap, { variables })];
  expect((await first.run({})).sum![0]).toBe(33);
  const [a, b, count] = [Float32Array.of(10, 20), Float32Array.of(1, 2), Int32Array.of(7)];
  expect(await first.read()).toEqual({ a, b, count });
  await first.write({ b: Float32Array.of(5, 6) });
  expect(await first.read(['b', 'a'])).toEqual({ a, b: Float32Array.of(5, 6) });
  expect((await second.read(['a'])).a).toEqual(Float32Array.of(1, 2));
  await expect(first.write({ b: Float32Array.of(1) })).rejects.toThrow("'b' holds 2 values, not 1");
  await expect(first.read(['c'])).rejects.toThrow("no variable 'c'");
  const { client } = first.state.devices;
  await Promise.all([first.dispose(), second.dispose()]);
  expect(client.live).toBe(0);
});

test('an executable that shares variables sees what the other one wrote, and the other way round', async () => {
  const double: TensorFunction = ({ a }) => {
    a!.assign(tf.mul(a!, 2));
    return { a: a! };
  };
  const sum: TensorFunction = ({ a }) => ({ sum: tf.sum(a!) });
  const training = await create(double, { variables: { a: { shape: [2], value: Float32Array.of(1, 2) } } });
  const evaluation = await create(sum, { variables: { a: { shape: [2] } }, share: training });
  expect((await evaluation.run({})).sum![0]).toBe(3);
  expect((await training.run({})).a).toEqual(Float32Array.of(2, 4));
  expect((await evaluation.run({})).sum![0]).toBe(6);
  await evaluation.write({ a: Float32Array.of(5, 5) });
  await training.run({});
  expect((await training.read()).a).toEqual(Float32Array.of(10, 10));
  await evaluation.dispose();
  expect((await training.run({})).a).toEqual(Float32Array.of(20, 20));
  await training.dispose();
});

test('inputs that a function does not read, and results without any computation', async () => {
  const fn: TensorFunction = ({ a }, { x }) => ({ a: a!, x: x!, same: x! });
  const step = await create(fn, {
    variables: { a: { shape: [1], value: Float32Array.of(3) } },
    inputs: { x: { shape: [2], dtype: 'float32' }, unread: { shape: ['n'], dtype: 'int32' } },
  });
  const x = Float32Array.of(1, 2);
  expect(await step.run({ x, unread: new Int32Array(4) })).toEqual({ a: Float32Array.of(3), x, same: x });
  await step.dispose();
});

describe('dropout', () => {
  const rows = 64;
  const mask =
    (width: number): TensorFunction =>
    (_, { key, x }) => ({
      first: dropoutMask(key!, { shape: x!.shape, rate: 0.1, stream: 0 }),
      second: dropoutMask(key!, { shape: x!.shape, rate: 0.1, stream: width }),
    });
  const inputs = (width: number, count = 1) =>
    ({
      key: { shape: [2], dtype: 'int32' },
      x: { shape: [rows / count, width], dtype: 'float32', divided: true },
    }) as const;

  test('is a function of key and stream, has the rate asked for, and is 0 or 1 / (1 − rate)', async () => {
    const width = 3001;
    const step = await create(mask(width), { inputs: inputs(width) });
    const draw = async (...key: number[]) =>
      (await step.run({ key: Int32Array.from(key), x: new Float32Array(rows * width) })) as Record<
        'first' | 'second',
        Float32Array
      >;
    const { first, second } = await draw(42, 1);
    expect(new Set(first)).toEqual(new Set([0, Math.fround(1 / (1 - Math.round(0.1 * 65536) / 65536))]));
    const share = (count: number) => count / first.length;
    const zeros = share(first.filter((value) => value === 0).length);
    expect(Math.abs(zeros - 0.1)).toBeLessThan(5 * Math.sqrt((0.1 * 0.9) / first.length));
    const both = share(first.filter((value, i) => value === 0 && second[i] === 0).length);
    expect(Math.abs(both - 0.01)).toBeLessThan(5 * Math.sqrt((0.01 * 0.99) / first.length));
    expect((await draw(42, 1)).first).toEqual(first);
    expect((await draw(42, 2)).first).not.toEqual(first);
    expect((await draw(43, 1)).first).not.toEqual(first);
    await step.dispose();
  });

  // Random123's known answer for the counter and key 0: 6627e8d5 e169c58d bc57ac4c 9b00dbd8, of which the low halves come
  // first and numbers from c000 on are kept.
  test('is Philox4x32-10', async () => {
    const fn: TensorFunction = (_, { key }) => ({
      y: dropoutMask(key!, { shape: [8], rate: 0.75, stream: 0 }),
    });
    const step = await create(fn, { inputs: { key: { shape: [2], dtype: 'int32' } } });
    const { y } = await step.run({ key: Int32Array.of(0, 0) });
    expect([...y!]).toEqual([4, 0, 4, 4, 0, 0, 4, 0]);
    await step.dispose();
  });

  // 16 a row: a device's share begins a block of the generator; 3 a row and 4 devices: within one.
  test.each([
    [16, 2],
    [16, 4],
    [3, 4],
    [7, 2],
  ])('rows of %d over %d devices drop what one device drops', async (width, count) => {
    const fn: TensorFunction = (variables, given) => {
      const { first } = mask(1)(variables, given);
      variables.mask!.assign(first!);
      return {};
    };
    const run = async (devices: number) => {
      const shape = [rows / devices, width];
      const step = await create(fn, {
        inputs: inputs(width, devices),
        variables: { mask: { shape } },
        devices,
      });
      await step.run({ key: Int32Array.of(7, 3), x: new Float32Array(rows * width) });
      const shares = await Promise.all(step.state.buffers('mask').map((buffer) => buffer.download()));
      await step.dispose();
      return shares.flatMap((share) => [...(share as Float32Array)]);
    };
    expect(await run(count)).toEqual(await run(1));
  });
});

describe('bf16', () => {
  const fn: TensorFunction = (_, { x }) => ({
    y: tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D),
    z: tf.mul(x!, 1.001),
  });
  test('rounds operands and results of matrix products', async () => {
    const inputs = { x: { shape: [2, 2], dtype: 'float32' as const } };
    const step = await create(fn, { inputs, precision: 'bf16' });
    // 1.0078125 is a bfloat16; its square, 1.01568…, is rounded to 1.015625.
    const { y, z } = await step.run({ x: Float32Array.of(1.0078125, 0, 0, 1.001) });
    expect([...y!]).toEqual([1.015625, 0, 0, 1]);
    expect(z![3]).toBeCloseTo(1.001 * 1.001, 6);
    await step.dispose();
  });
});

describe('the cache', () => {
  let folder: string;
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  test('keeps programs by function, sizes and precision, and a second start neither traces nor compiles', async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlm-xla-'));
    vi.stubEnv('MLM_CACHE', folder);
    const traced = vi.fn();
    const fn: TensorFunction = (_, { x }) => {
      traced();
      return { y: tf.tanh(x!) };
    };
    const run = async (n: number, precision: 'fp32' | 'bf16' = 'fp32') => {
      traced.mockClear();
      const step = await create(fn, {
        inputs: { x: { shape: ['n'], dtype: 'float32' } },
        cache: { code: [new URL('../../src/graph/', import.meta.url)], values: ['tanh'] },
        precision,
      });
      const { y } = await step.run({ x: new Float32Array(n).fill(0.5) });
      await step.dispose();
      return { y, traced: traced.mock.calls.length > 0, entries: (await readdir(folder)).length };
    };
    const first = await run(3);
    expect(first).toMatchObject({ traced: true, entries: 2 });
    expect(await run(3)).toEqual({ ...first, traced: false });
    expect(await run(4)).toMatchObject({ traced: true, entries: 4 });
    expect((await run(3, 'bf16')).traced).toBe(true);
  });
});
