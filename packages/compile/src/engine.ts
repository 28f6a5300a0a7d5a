import { InputError } from '@mlm/base/errors';

/**
 * Counts up when a compiled function computes something else than before, beyond rounding. A run records it, so that
 * what an older one trained can be told apart.
 *
 * - 1, or none recorded: the gradients of `tf.gather`, and with them those of embeddings, could lose updates on the
 *   engine onnx on the CPU, with more than one thread and rows × width of about 210,000 or more.
 * - 2: every sum over duplicates is complete, and the same in every run.
 */
export const ENGINE_REVISION = 2;

/** What runs a compiled function; see `CompileOptions`. */
export type Target = 'onnx' | 'tensorflow' | 'eager';

/** Where it runs. */
export type Device = 'cpu' | 'webgpu' | 'cuda';

/**
 * How the operands of matrix products are rounded; all else is float32. `tf32` keeps 10 bits of their mantissas, as the
 * matrix units of NVIDIA's GPUs do from Ampere on.
 */
export type Precision = 'fp32' | 'tf32' | 'bf16';

const devices: Readonly<Record<Target, readonly Device[]>> = {
  // onnxruntime's binding for Node leaves tensors on a GPU through WebGPU alone: CUDA would move the weights at each step.
  onnx: ['cpu', 'webgpu'],
  tensorflow: ['cpu', 'cuda'],
  eager: ['cpu'],
};

const precisions: readonly Precision[] = ['fp32', 'tf32', 'bf16'];

export const targets = Object.keys(devices) as readonly Target[];

export const isTarget = (name: string): name is Target => name in devices;

const remedies: Readonly<Record<Device, string>> = {
  cpu: 'use --device cpu',
  webgpu: 'use --engine onnx, or --device cpu',
  cuda: 'use --engine tensorflow (after `mlm setup tensorflow --gpu`), or --device webgpu or cpu',
};

/** Nothing runs elsewhere, or otherwise, than was asked for. @throws InputError where an engine lacks device or precision */
export function checkEngine(target: Target, device: Device, precision: Precision): void {
  if (!precisions.includes(precision)) {
    throw new InputError(`--precision ${precision}: there are ${precisions.join(', ')}`);
  }
  if (precision === 'tf32' && !(target === 'tensorflow' && device === 'cuda')) {
    throw new InputError(
      '--precision tf32: NVIDIA’s GPUs alone multiply so, through the engine tensorflow; ' +
        'use --device cuda (after `mlm setup tensorflow --gpu`), or --precision fp32',
    );
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
