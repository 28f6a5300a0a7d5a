import { messageText } from '@mlm/base/errors';
import { expect, test } from 'vitest';
import { type EngineProbe, probeEngine } from './probe.js';

test('a working engine reports its speed', async () => {
  const probe = await probeEngine({ engine: 'onnx', device: 'cpu' });
  expect(probe).toMatchObject({
    works: true,
    matmul_gflops: expect.any(Number),
    step_milliseconds: expect.any(Number),
  });
});

const said = ({ error = [], remedy = [], ...probe }: EngineProbe) => ({
  ...probe,
  error: messageText(error),
  remedy: messageText(remedy),
});

test('a failing engine reports in one line why, and what to do', async () => {
  process.env.MLM_TENSORFLOW_HOME = '/nonexistent';
  const probe = await probeEngine({ engine: 'tensorflow', device: 'cpu' });
  delete process.env.MLM_TENSORFLOW_HOME;
  expect(said(probe)).toEqual({
    engine: 'tensorflow',
    device: 'cpu',
    works: false,
    error: expect.stringMatching(/^TensorFlow is not set up[^\n]*$/),
    remedy: 'setupTensorflow()',
  });
});

test('an error does not name the device again', async () => {
  const probe = await probeEngine({ engine: 'eager', device: 'cuda' });
  expect(said(probe).error).toMatch(/^the engine eager runs only on cpu/);
});

test('a signal ends the trial', async () => {
  const probe = await probeEngine({ engine: 'onnx', device: 'cpu' }, AbortSignal.abort());
  expect(said(probe)).toMatchObject({ works: false, error: expect.stringContaining('abort') });
});
