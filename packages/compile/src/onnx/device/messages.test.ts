import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InputError, OutOfMemoryError } from '../../error.js';
import { cudaProviderCommand, webgpuDriverCommand } from './commands.js';
import { explainDeviceError } from './messages.js';

// Simulated: no device was there. These prove the messages, not that a device works.
describe('simulated: what onnxruntime says becomes one line that helps', () => {
  const providerMissing =
    '/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1988 Provider& ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_cuda.so with error: cannot open shared object file';
  test.each([
    [
      'webgpu',
      'Failed to get a WebGPU adapter: No supported adapters',
      'no GPU that WebGPU can use was found',
    ],
    ['cuda', providerMissing, `fetch it with \`${cudaProviderCommand()}\``],
    ['cuda', 'no available backend found. ERR: [cuda] backend not found.', 'CUDA provider does not load'],
    ['cuda', 'CUDA failure 100: no CUDA-capable device is detected ; GPU=0', "install NVIDIA's driver (525"],
    ['cuda', 'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version', '525 or newer'],
  ])('%s: %s', (device, said, message) => {
    const error = explainDeviceError(device, new Error(said));
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toContain(message);
    expect(error.message).toMatch(new RegExp(`^--device ${device}: [^\\n]*$`));
  });

  test.each([
    ['cuda', 'CUDA failure 2: out of memory ; GPU=0 ; hostname=x'],
    ['cuda', 'BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 4194304'],
    ['webgpu', 'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY: OutOfDeviceMemory'],
  ])('%s, too little memory: %s', (device, said) => {
    const step = explainDeviceError(device, new Error(said), 32);
    expect(step).toBeInstanceOf(OutOfMemoryError);
    expect(step.message).toBe(
      `--device ${device}: the memory does not hold a step of 32 rows: try --micro-batch-size 16, which leaves the result as it is`,
    );
    expect(explainDeviceError(device, new Error(said), 1).message).toContain('use a smaller model');
    expect(explainDeviceError(device, new Error(said)).message).toContain('does not hold the weights');
  });

  test('an error that is not the device’s, and one that is explained already, stay', () => {
    const other = new Error('Invalid rank for input');
    expect(explainDeviceError('cuda', other, 2)).toBe(other);
    expect(explainDeviceError('cpu', new Error('out of memory')).message).toBe('out of memory');
    const explained = new InputError('out of memory');
    expect(explainDeviceError('cuda', explained)).toBe(explained);
  });
});

test('the command for the CUDA provider names a script that is there', () => {
  const [, script] = /^node '?(.*?)'? --onnxruntime-node-install=cuda12$/.exec(cudaProviderCommand())!;
  expect(existsSync(script!)).toBe(true);
});

test('the command for WebGPU’s driver is that of the system’s package manager', () => {
  expect(webgpuDriverCommand((path) => path.endsWith('apt-get'))).toBe(
    'apt-get install libvulkan1 mesa-vulkan-drivers',
  );
  expect(webgpuDriverCommand(() => false)).toBeUndefined();
});
