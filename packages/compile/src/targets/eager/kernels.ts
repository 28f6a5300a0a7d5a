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
 * If tfjs's plain CPU backend is current, replaces those of its kernels that would take minutes on the arrays of a
 * language model. The results are the same.
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
