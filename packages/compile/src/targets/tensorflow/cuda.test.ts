import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explainMemoryError, explainMissingCuda, findCuda } from './cuda.js';
import type { TensorflowInstallation } from './installation.js';

// Simulated: no GPU was there. These prove the messages, not that CUDA works.
describe('simulated: each way in which CUDA is missing has its own line', () => {
  const fine = { setUpForGpu: true, driver: '550.54.14', missingLibraries: [] };
  test.each([
    [
      'a wheel without CUDA',
      { ...fine, setUpForGpu: false },
      'built without CUDA; run setupTensorflow({ gpu: true })',
    ],
    ['no driver', { ...fine, driver: undefined }, 'no NVIDIA driver is loaded'],
    [
      'an old driver',
      { ...fine, driver: '470.161.03' },
      'driver 470.161.03 is too old for CUDA 12; install version 525',
    ],
    ['no cuDNN', { ...fine, missingLibraries: ['cudnn/lib/libcudnn.so.9'] }, 'cuDNN is missing'],
    [
      'another library',
      { ...fine, missingLibraries: ['cublas/lib/libcublas.so.12'] },
      'libcublas.so.12 is missing beside TensorFlow',
    ],
    ['something else', fine, 'set TF_CPP_MIN_LOG_LEVEL=0 to see why'],
  ])('%s', (_, facts, message) => {
    const error = explainMissingCuda(facts);
    expect(error.code).toBe('MLM_INPUT');
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
  });

  test('an out-of-memory error names the batch size to try', () => {
    const oom = new Error(
      'Session fail to run with error: OOM when allocating tensor with shape[32,12,128,128]',
    );
    expect(explainMemoryError('cuda', oom, 32).message).toContain('microBatchSize: 16');
    expect(explainMemoryError('cuda', oom, 1).message).toContain('use a smaller model');
    expect(explainMemoryError('cuda', oom, undefined).message).toContain('do not fit into memory');
    const other = new Error('No such op');
    expect(explainMemoryError('cuda', other, 32)).toBe(other);
  });
});

describe('simulated: what findCuda finds', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlm-cuda-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const installation = (gpu: boolean): TensorflowInstallation => ({
    format_version: 1,
    tensorflow_version: '2.21.0',
    library_folder: join(folder, 'tensorflow'),
    gpu,
    source: 'pip',
    binding: join(folder, 'tfjs_binding.node'),
    binding_version: '4.22.0',
  });
  const driverFile = async (text: string) => {
    await writeFile(join(folder, 'version'), text);
    return join(folder, 'version');
  };

  test.each([
    ['closed', 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n'],
    [
      'open',
      'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.14  Release Build  (dvs-builder@U16)  Thu Feb 22 01:25:25 UTC 2024\nGCC version:  gcc version 12.2.0\n',
    ],
  ])('the driver’s version, of the %s kernel modules', async (_, text) => {
    const found = await findCuda(installation(true), await driverFile(text));
    expect(found.driver).toBe('550.54.14');
  });

  test('no driver, and libraries missing beside TensorFlow', async () => {
    await mkdir(join(folder, 'nvidia', 'cublas', 'lib'), { recursive: true });
    await writeFile(join(folder, 'nvidia', 'cublas', 'lib', 'libcublas.so.12'), '');
    expect(await findCuda(installation(true), join(folder, 'none'))).toEqual({
      setUpForGpu: true,
      driver: undefined,
      missingLibraries: [
        'cuda_runtime/lib/libcudart.so.12',
        'cufft/lib/libcufft.so.11',
        'cusolver/lib/libcusolver.so.11',
        'cusparse/lib/libcusparse.so.12',
        'cudnn/lib/libcudnn.so.9',
      ],
    });
  });

  test('NVIDIA’s wheels beside a TensorFlow without CUDA do not give it CUDA', async () => {
    await mkdir(join(folder, 'nvidia'));
    const found = await findCuda(installation(false), join(folder, 'none'));
    expect(explainMissingCuda(found).message).toContain('built without CUDA');
  });
});
