import { describe, expect, test } from 'vitest';
import { explainMissingCuda, explainRunError } from './cuda.js';

// Simulated: no GPU was there. These prove the messages, not that CUDA works.
describe('simulated: each way in which CUDA is missing has its own line', () => {
  const fine = { setUpForGpu: true, driver: '550.54.14', missingLibraries: [] };
  test.each([
    [
      'a wheel without CUDA',
      { ...fine, setUpForGpu: false },
      'built without CUDA: run `mlm setup tensorflow --gpu`',
    ],
    ['no driver', { ...fine, driver: undefined }, 'no NVIDIA driver is loaded'],
    [
      'an old driver',
      { ...fine, driver: '470.161.03' },
      'driver 470.161.03 is too old for CUDA 12: install version 525',
    ],
    ['no cuDNN', { ...fine, missingLibraries: ['cudnn/lib/libcudnn.so.9'] }, 'cuDNN was not found'],
    ['something else', fine, 'TF_CPP_MIN_LOG_LEVEL=0 makes it say why'],
  ])('%s', (_, facts, message) => {
    const error = explainMissingCuda(facts);
    expect(error.code).toBe('MLM_INPUT');
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
  });

  test('not enough memory names the batch size to try', () => {
    const oom = new Error(
      'Session fail to run with error: OOM when allocating tensor with shape[32,12,128,128]',
    );
    expect(explainRunError(oom, 32).message).toContain('--micro-batch-size 16');
    expect(explainRunError(oom, 1).message).toContain('use a smaller model');
    const other = new Error('No such op');
    expect(explainRunError(other, 32)).toBe(other);
  });
});
