import { elementCount } from '@mlm/base/shape';
import {
  Add,
  backend_util,
  getKernel,
  type KernelFunc,
  Multiply,
  RealDiv,
  Sub,
  type TensorInfo,
  type TypedArray,
} from '@tensorflow/tfjs-core';
import type { HostBackend } from './host-backend.js';

/** result[i] = a[i mod its length] ∘ b[i mod its length]; wrapping counters are faster than a remainder. */
type Loop = (result: Float32Array, a: TypedArray, b: TypedArray) => void;

/** One loop per operation, since a shared loop that calls a function takes several times as long. */
const loops: Readonly<Record<string, Loop>> = {
  [Add]: (result, a, b) => {
    for (let i = 0, j = 0, k = 0; i < result.length; i++) {
      result[i] = a[j]! + b[k]!;
      if (++j === a.length) j = 0;
      if (++k === b.length) k = 0;
    }
  },
  [Multiply]: (result, a, b) => {
    for (let i = 0, j = 0, k = 0; i < result.length; i++) {
      result[i] = a[j]! * b[k]!;
      if (++j === a.length) j = 0;
      if (++k === b.length) k = 0;
    }
  },
  [RealDiv]: (result, a, b) => {
    for (let i = 0, j = 0, k = 0; i < result.length; i++) {
      result[i] = a[j]! / b[k]!;
      if (++j === a.length) j = 0;
      if (++k === b.length) k = 0;
    }
  },
  [Sub]: (result, a, b) => {
    for (let i = 0, j = 0, k = 0; i < result.length; i++) {
      result[i] = a[j]! - b[k]!;
      if (++j === a.length) j = 0;
      if (++k === b.length) k = 0;
    }
  },
};

/**
 * Kernels for float32 operands of which one is repeated as a whole, such as a scalar or a bias: tfjs's own kernels
 * would allocate the coordinates of every element. All other cases still go to those.
 */
export function broadcastKernels(backendName: string): Record<string, KernelFunc> {
  return Object.fromEntries(
    Object.entries(loops).map(([name, loop]) => [
      name,
      repeating(loop, getKernel(name, backendName).kernelFunc),
    ]),
  );
}

function repeating(loop: Loop, otherwise: KernelFunc): KernelFunc {
  return (call): TensorInfo | TensorInfo[] => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return otherwise(call);
    const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    if (!isRepeated(a.shape, shape) || !isRepeated(b.shape, shape)) return otherwise(call);
    const host = call.backend as HostBackend;
    const result = new Float32Array(elementCount(shape));
    loop(result, host.readSync(a.dataId), host.readSync(b.dataId));
    return { dataId: host.write(result, shape, 'float32'), shape, dtype: 'float32' };
  };
}

/** Whether the whole shape ends with the other, apart from that one's leading ones. */
function isRepeated(shape: readonly number[], whole: readonly number[]): boolean {
  const first = shape.findIndex((size) => size !== 1);
  const rest = first < 0 ? [] : shape.slice(first);
  return rest.every((size, i) => size === whole[whole.length - rest.length + i]);
}
