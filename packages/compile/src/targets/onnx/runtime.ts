import { createRequire } from 'node:module';
import type { Tensor } from 'onnxruntime-common';
import type { TypedArray } from '../../graph/graph.js';
import { makeTensor } from './tensor.js';

type OnnxRuntime = typeof import('onnxruntime-node');

/**
 * onnxruntime-node, loaded at the first call because loading is slow. Tensors must be of its own class: it does not
 * recognise, and so never writes into, preallocated tensors of the class that ES modules import from
 * onnxruntime-common.
 */
export function onnxRuntime(): OnnxRuntime {
  const runtime = createRequire(import.meta.url)('onnxruntime-node') as OnnxRuntime;
  // Errors are thrown; the log would repeat them, in red, before our own message.
  if (!process.env.MLM_DEBUG) runtime.env.logLevel = 'fatal';
  return runtime;
}

/** A tensor over the caller's array, which is not copied. */
export const ortTensor = (data: TypedArray, shape: readonly number[]): Tensor =>
  makeTensor(onnxRuntime().Tensor, data, shape);
