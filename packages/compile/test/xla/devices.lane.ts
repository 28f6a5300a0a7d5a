import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/compile.js';
import { sumOverDevices } from '../../src/primitives/device-sum.js';
import type { XlaExecutable } from '../../src/targets/xla/run.js';
import type { TensorFunction } from '../../src/trace/trace.js';

beforeAll(() => tf.setBackend('cpu'));

const rows = 8;
const width = 300;

/** Linear regression on the rows of all devices. */
const fn: TensorFunction = ({ weight }, { x, rate }) => {
  const { value, grads } = tf.variableGrads(
    () => tf.sum(tf.square(tf.sub(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D), 1))) as tf.Scalar,
  );
  weight!.assign(tf.sub(weight!, tf.mul(sumOverDevices(grads[weight!.name]!), rate!)));
  return { loss: sumOverDevices(value) };
};

async function train(devices: number) {
  const step = (await compile(fn, {
    engine: 'xla',
    device: 'cpu',
    devices,
    variables: { weight: { shape: [width, 2] } },
    inputs: {
      x: { shape: [rows / devices, width], dtype: 'float32', divided: true },
      rate: { shape: [], dtype: 'float32' },
    },
  })) as XlaExecutable;
  const x = Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i));
  const losses: number[] = [];
  for (let i = 0; i < 10; i++) losses.push((await step.run({ x, rate: Float32Array.of(1e-3) })).loss![0]!);
  const copies = await Promise.all(step.state.buffers('weight').map((buffer) => buffer.download()));
  await step.dispose();
  return { losses, copies };
}

describe.each([2, 4])('%d devices', (count) => {
  test('compute what one does, all alike, and the same bits again', async () => {
    const [one, many, again] = [await train(1), await train(count), await train(count)];
    many.losses.forEach((loss, i) => {
      expect(Math.abs(loss / one.losses[i]! - 1)).toBeLessThan(1e-5);
    });
    expect(many.copies).toHaveLength(count);
    for (const copy of many.copies) expect(copy).toEqual(many.copies[0]);
    expect(again).toEqual(many);
  });
});

test('an input that the devices cannot share is refused', async () => {
  const step = await compile((_, { x }) => ({ y: tf.neg(x!) }), {
    engine: 'xla',
    device: 'cpu',
    devices: 2,
    inputs: { x: { shape: ['n'], dtype: 'float32', divided: true } },
  });
  await expect(step.run({ x: new Float32Array(3) })).rejects.toThrow(
    "the input 'x' has 3 values, which cannot be divided among 2 devices",
  );
  await step.dispose();
});
