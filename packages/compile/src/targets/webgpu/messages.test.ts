import { InputError } from '@mlm/base/errors';
import { describe, expect, test } from 'vitest';
import { OutOfMemoryError } from '../../error.js';
import { webgpuDriverCommand } from './commands.js';
import { explainDeviceError } from './messages.js';

// Simulated: no device was there. These prove the messages, not that a device works.
describe('simulated: what onnxruntime says becomes one line that helps', () => {
  test('no adapter', () => {
    const error = explainDeviceError(
      'webgpu',
      new Error('Failed to get a WebGPU adapter: No supported adapters'),
    );
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(/^device: webgpu: no GPU that WebGPU can use was found[^\n]*$/);
  });

  test.each([
    ['webgpu', 'Failed to allocate memory for requested buffer of size 4194304'],
    ['webgpu', 'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY: OutOfDeviceMemory'],
  ])('%s, too little memory: %s', (device, said) => {
    const step = explainDeviceError(device, new Error(said), 32);
    expect(step).toBeInstanceOf(OutOfMemoryError);
    expect(step.message).toBe(
      `device: ${device}: a step of 32 rows does not fit into memory; try microBatchSize: 16, which does not change the result`,
    );
    expect(explainDeviceError(device, new Error(said), 1).message).toContain('use a smaller model');
    expect(explainDeviceError(device, new Error(said)).message).toContain('do not fit into memory');
  });

  test('other errors, and errors already explained, stay as they are', () => {
    const other = new Error('Invalid rank for input');
    expect(explainDeviceError('webgpu', other, 2)).toBe(other);
    expect(explainDeviceError('cpu', new Error('out of memory')).message).toBe('out of memory');
    const explained = new InputError('out of memory');
    expect(explainDeviceError('webgpu', explained)).toBe(explained);
  });
});

test('the command for WebGPU’s driver matches the system’s package manager', () => {
  expect(webgpuDriverCommand((path) => path.endsWith('apt-get'))).toBe(
    'apt-get install libvulkan1 mesa-vulkan-drivers',
  );
  expect(webgpuDriverCommand(() => false)).toBeUndefined();
});
