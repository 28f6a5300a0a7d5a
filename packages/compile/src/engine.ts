import { InputError } from './error.js';

/** What runs a compiled function; see `CompileOptions`. */
export type Target = 'onnx' | 'tensorflow' | 'eager';

/** Where it runs. */
export type Device = 'cpu' | 'webgpu' | 'cuda';

/** Element type of the operands of matrix products; all else is float32. */
export type Precision = 'fp32' | 'bf16';

const devices: Readonly<Record<Target, readonly Device[]>> = {
  onnx: ['cpu', 'webgpu', 'cuda'],
  tensorflow: ['cpu', 'cuda'],
  eager: ['cpu'],
};

export const targets = Object.keys(devices) as readonly Target[];

export const isTarget = (name: string): name is Target => name in devices;

const remedies: Readonly<Record<Device, string>> = {
  cpu: 'use --device cpu',
  webgpu: 'use --engine onnx, or --device cpu',
  cuda: 'use --engine tensorflow (after `mlm setup tensorflow --gpu`) or --engine onnx, or --device cpu',
};

/** Nothing runs elsewhere, or otherwise, than was asked for. @throws InputError where an engine lacks device or precision */
export function checkEngine(target: Target, device: Device, precision: Precision): void {
  if (precision !== 'fp32' && precision !== 'bf16') {
    throw new InputError(`--precision ${precision}: there are fp32 and bf16`);
  }
  if (precision === 'bf16' && device === 'webgpu') {
    throw new InputError(
      '--precision bf16: no engine has bfloat16 matrix products on webgpu; ' +
        'use --engine tensorflow on --device cpu or cuda, or --precision fp32',
    );
  }
  if (!devices[target].includes(device)) {
    const known = devices[target].join(', ');
    const remedy = remedies[device] ?? remedies.cpu;
    throw new InputError(
      `--device ${device}: the engine ${target} does not run there, only on ${known}; ${remedy}`,
    );
  }
  if (precision === 'bf16' && target !== 'tensorflow') {
    throw new InputError(
      `--precision bf16: the engine ${target} has no bfloat16 matrix products; ` +
        'use --engine tensorflow (after `mlm setup tensorflow`), or --precision fp32',
    );
  }
}
