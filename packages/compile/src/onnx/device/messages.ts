import { InputError, OutOfMemoryError } from '../../error.js';
import { cudaProviderCommand, webgpuDriverCommand } from './commands.js';

/** What onnxruntime says when a device is not there, and what to do about it. */
const explanations: readonly { device: string; when: RegExp; say: () => string }[] = [
  {
    device: 'webgpu',
    when: /Failed to get a WebGPU adapter|No supported adapters/,
    say: () => {
      const command = webgpuDriverCommand();
      const how = command === undefined ? '' : ` (\`${command}\`)`;
      return `no GPU that WebGPU can use was found: it needs a driver for Vulkan, Metal or Direct3D 12${how}, or use --device cpu`;
    },
  },
  {
    device: 'cuda',
    when: /libonnxruntime_providers_cuda|providers_shared|not a supported backend|backend not found|Failed to load/i,
    say: () =>
      `onnxruntime's CUDA provider does not load: fetch it with \`${cudaProviderCommand()}\`, ` +
      'or use --engine tensorflow after `mlm setup tensorflow --gpu`, or --device webgpu',
  },
  {
    device: 'cuda',
    when: /no CUDA-capable device|CUDA driver version is insufficient|CUDA failure(?!.*out of memory)/i,
    say: () =>
      "CUDA does not answer: install NVIDIA's driver (525 or newer for CUDA 12), or use --device webgpu or cpu",
  },
];

const outOfMemory = /out of memory|OutOfDeviceMemory|Failed to allocate|CUBLAS_STATUS_ALLOC_FAILED/i;

/**
 * The error as one line that says what to do; an error that is not the device's comes back as it is.
 *
 * @param rows of the step that was run; undefined while weights go to the device
 */
export function explainDeviceError(device: string, error: Error, rows?: number): Error {
  if (device === 'cpu' || error instanceof InputError) return error;
  if (outOfMemory.test(error.message)) return new OutOfMemoryError(`--device ${device}`, rows);
  const found = explanations.find(({ device: name, when }) => name === device && when.test(error.message));
  return found ? new InputError(`--device ${device}: ${found.say()}`) : error;
}
