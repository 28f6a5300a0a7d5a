import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { test } from 'vitest';
import { expectClose, runBoth } from '../../src/testing/compare.fixture.js';
import { program, stepOf } from '../tensorflow/programs.js';

const tenths = fc
  .array(fc.integer({ min: -20, max: 20 }), { minLength: 6, maxLength: 6 })
  .map((values) => Float32Array.from(values, (value) => value / 10));

test('random programs with gradients give the same eagerly and in onnxruntime', async () => {
  await fc.assert(
    fc.asyncProperty(program, tenths, tenths, async (operations, value, x) => {
      const options = {
        variables: { weight: { shape: [2, 3], value } },
        inputs: { x: { shape: [2, 3], dtype: 'float32' as const } },
      };
      const [eager, compiled] = await runBoth(stepOf(operations), options, { x });
      for (const [name, expected] of Object.entries(eager))
        expectClose(compiled[name]!, expected, name, 2e-4);
    }),
    { numRuns: 150 },
  );
});
