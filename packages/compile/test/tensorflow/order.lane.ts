import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { compile } from '../../src/compile.js';
import type { TypedArray } from '../../src/graph/graph.js';
import { adamW } from '../../src/primitives/adamw.js';
import type { TensorFunction } from '../../src/trace/trace.js';
import { device } from './device.js';

beforeAll(() => tf.setBackend('cpu'));

// TensorFlow runs in any order what the graph does not order: only large tensors and many runs show it.
const shape = [1 << 20];
const RUNS = 20;
const full = (value: number) => new Float32Array(shape[0]!).fill(value);

const expectFull = (values: TypedArray, expected: number, name: string) =>
  expect(
    (values as Float32Array).findIndex((value) => value !== expected),
    name,
  ).toBe(-1);

test('a variable returned from before its assignment has its old value', async () => {
  const fn: TensorFunction = ({ a, b }, { x }) => {
    const before = tf.clone(a!);
    const doubled = tf.mul(b!, 2);
    a!.assign(x!);
    b!.assign(x!);
    return { before, doubled };
  };
  const step = await compile(fn, {
    variables: { a: { shape }, b: { shape } },
    inputs: { x: { shape, dtype: 'float32' } },
    engine: 'tensorflow',
    device,
    threads: 2,
  });
  for (let run = 1; run <= RUNS; run++) {
    const { before, doubled } = await step.run({ x: full(run) });
    expectFull(before!, run - 1, 'before');
    expectFull(doubled!, 2 * (run - 1), 'doubled');
  }
  await step.dispose();
});

test.each([0, 0.5])(
  'the fused AdamW, with decay %d, runs after what else reads its variables',
  async (decay) => {
    // With a gradient that is given, nothing but the order holds the update back; β = 0 and ε = 1 make it m = g, v = g².
    const fn: TensorFunction = ({ weight, first, second }, { gradient, keep }) => {
      const before = { weight: tf.clone(weight!), first: tf.clone(first!), second: tf.clone(second!) };
      adamW({
        parameter: weight!,
        firstMoment: first!,
        secondMoment: second!,
        gradient: gradient!,
        firstKeep: keep!,
        secondKeep: keep!,
        stepSize: tf.scalar(1),
        secondMomentScale: tf.scalar(1),
        epsilon: 1,
        decay: decay === 0 ? undefined : tf.scalar(decay),
      });
      return before;
    };
    const step = await compile(fn, {
      variables: { weight: { shape }, first: { shape }, second: { shape } },
      inputs: { gradient: { shape, dtype: 'float32' }, keep: { shape: [], dtype: 'float32' } },
      engine: 'tensorflow',
      device,
      threads: 2,
    });
    let weight = 0;
    for (let run = 1; run <= RUNS; run++) {
      const before = await step.run({ gradient: full(run), keep: Float32Array.of(0) });
      expectFull(before.weight!, weight, 'weight');
      expectFull(before.first!, run - 1, 'first');
      expectFull(before.second!, (run - 1) ** 2, 'second');
      weight = (await step.read(['weight'])).weight![0]!;
    }
    await step.dispose();
  },
);
