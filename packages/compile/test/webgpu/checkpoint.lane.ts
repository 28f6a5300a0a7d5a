import '@tensorflow/tfjs-backend-cpu';
import { expect, test } from 'vitest';
import { compile } from '../../src/compile.js';
import { expectClose } from '../../src/testing/compare.fixture.js';
import { checkpointed, given, options, plain } from '../../src/testing/layers.fixture.js';

test('a checkpointed function has the values and gradients of the plain one', async () => {
  const results = [];
  for (const fn of [plain, checkpointed]) {
    const executable = await compile(fn, { ...options, device: 'webgpu' });
    results.push(await executable.run(given));
    await executable.dispose();
  }
  const [expected, actual] = results as [(typeof results)[0], (typeof results)[0]];
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const name of Object.keys(expected)) expectClose(actual[name]!, expected[name]!, name, 1e-5);
});
