import { InputError } from '../../error.js';

/** What onnxruntime says when a device is not there, and what to do about it. */
const explanations: readonly { device: string; when: RegExp; say: string }[] = [
  {
    device: 'webgpu',
    when: /Failed to get a WebGPU adapter|No supported adapters/,
    say: 'no GPU that WebGPU can use was found: it needs a driver for Vulkan, Metal or D3D12 (on Debian, libvulkan1 beside it), or use --device cpu',
  },
  {
    device: 'cuda',
    when: /libonnxruntime_providers_cuda|providers_shared|not a supported backend|backend not found|Failed to load/i,
    say: "onnxruntime's CUDA provider is not installed: run `node node_modules/onnxruntime-node/script/install.js` with its network, or use --engine tensorflow after `mlm setup tensorflow --gpu`, or --device webgpu",
  },
  {
    device: 'cuda',
    when: /no CUDA-capable device|CUDA driver version is insufficient|CUDA failure/i,
    say: "CUDA does not answer: install NVIDIA's driver (525 or newer for CUDA 12), or use --device webgpu or cpu",
  },
  {
    device: '',
    when: /out of memory|OutOfDeviceMemory|Failed to allocate/i,
    say: "the device's memory is full: use a smaller --batch-size with --gradient-accumulation",
  },
];

/** The error as one line that says what to do; an error that is not the device's comes back as it is. */
export function explainDeviceError(device: string, error: Error): Error {
  if (device === 'cpu') return error;
  const found = explanations.find(
    ({ device: name, when }) => (name === '' || name === device) && when.test(error.message),
  );
  return found ? new InputError(`--device ${device}: ${found.say}`) : error;
}
