import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, test } from 'vitest';
import { runBoth } from '../../src/testing/compare.fixture.js';
import { expectSame } from '../../src/testing/passes.fixture.js';
import { program, stepOf } from '../tensorflow/programs.js';

beforeAll(() => tf.setBackend('cpu'));

const values = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 6, maxLength: 6 });
const tenths = (list: readonly number[]) => Float32Array.from(list, (value) => value / 10);

test('random programs with gradients give the same eagerly and through XLA', async () => {
  await fc.assert(
    fc.asyncProperty(program, values, values, async (operations, weight, input) => {
      const options = {
        engine: 'xla' as const,
        device: 'cpu' as const,
        variables: { weight: { shape: [2, 3], value: tenths(weight) } },
        inputs: { x: { shape: [2, 3], dtype: 'float32' as const } },
      };
      const [eager, compiled] = await runBoth(stepOf(operations), options, { x: tenths(input) });
      expectSame(compiled, eager, 2e-4);
    }),
    { numRuns: 60 },
  );
});
