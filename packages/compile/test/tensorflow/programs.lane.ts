import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { EagerExecutable } from '../../src/targets/eager/run.js';
import { TensorflowExecutable } from '../../src/targets/tensorflow/run.js';
import { trace } from '../../src/trace/trace.js';
import { device } from './device.js';
import { program, stepOf } from './programs.js';

beforeAll(() => tf.setBackend('cpu'));

const values = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 6, maxLength: 6 });

test('random programs with gradients give the same eagerly and through a SavedModel', async () => {
  await fc.assert(
    fc.asyncProperty(program, values, values, async (operations, weight, input) => {
      const variables = {
        weight: { shape: [2, 3], value: Float32Array.from(weight, (value) => value / 10) },
      };
      const inputs = { x: { shape: [2, 3], dtype: 'float32' as const } };
      const fn = stepOf(operations);
      const eager = new EagerExecutable(fn, { variables, inputs });
      const compiled = await TensorflowExecutable.create(
        trace(fn, { variables, inputs }),
        inputs,
        variables,
        {
          threads: 2,
          device,
        },
      );
      const x = Float32Array.from(input, (value) => value / 10);
      for (let step = 0; step < 2; step++) {
        const [wanted, got] = [await eager.run({ x }), await compiled.run({ x })];
        expectClose(got.loss!, wanted.loss!);
        expectClose(got.result!, wanted.result!);
        expectClose((await compiled.read()).weight!, (await eager.read()).weight!);
      }
      await Promise.all([eager.dispose(), compiled.dispose()]);
    }),
    { numRuns: 100 },
  );
});

function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    expect(Math.abs(got[i]! - wanted[i]!)).toBeLessThanOrEqual(2e-4 * Math.max(1, Math.abs(wanted[i]!)));
  }
}
