import { expect, test } from 'vitest';
import { probeEngine } from './probe.js';

test('an engine that works tells its rates', async () => {
  const probe = await probeEngine({ engine: 'onnx', device: 'cpu' });
  expect(probe).toMatchObject({
    works: true,
    matmul_gflops: expect.any(Number),
    step_milliseconds: expect.any(Number),
  });
});

test('an engine that does not work says why on one line, and what helps', async () => {
  process.env.MLM_TENSORFLOW_HOME = '/nonexistent';
  const probe = await probeEngine({ engine: 'tensorflow', device: 'cpu' });
  delete process.env.MLM_TENSORFLOW_HOME;
  expect(probe).toEqual({
    engine: 'tensorflow',
    device: 'cpu',
    works: false,
    error: expect.stringMatching(/^TensorFlow is not set up[^\n]*$/),
    remedy: 'mlm setup tensorflow',
  });
});

test('an error does not name the device again', async () => {
  const probe = await probeEngine({ engine: 'eager', device: 'cuda' });
  expect(probe.error).toMatch(/^the engine eager does not run there/);
});

test('a signal ends the trial', async () => {
  const probe = await probeEngine({ engine: 'onnx', device: 'cpu' }, AbortSignal.abort());
  expect(probe).toMatchObject({ works: false, error: expect.stringContaining('abort') });
});
