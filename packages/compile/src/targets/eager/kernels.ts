import {
  engine,
  type KernelFunc,
  registerKernel,
  UnsortedSegmentSum,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { broadcastKernels } from './broadcast.js';
import { unsortedSegmentSum } from './segment-sum.js';

const backendName = 'cpu';
let replaced = false;

/**
 * Puts kernels of ours into tfjs's plain CPU backend, when that is the current one, in place of those that take
 * minutes on the arrays of a language model. They give the same results.
 */
export function replaceSlowKernels(): void {
  if (replaced || engine().backendName !== backendName) return;
  replaced = true;
  const kernels: Record<string, KernelFunc> = {
    [UnsortedSegmentSum]: unsortedSegmentSum,
    ...broadcastKernels(backendName),
  };
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    unregisterKernel(kernelName, backendName);
    registerKernel({ kernelName, backendName, kernelFunc });
  }
}
