import { createRequire } from 'node:module';
import type { Tensor } from 'onnxruntime-common';
import type { TypedArray } from '../../graph/graph.js';

type OnnxRuntime = typeof import('onnxruntime-node');

/**
 * onnxruntime-node, loaded at the first call because that is slow. Its own Tensor class must be used: it does not
 * recognise, and so never writes into, preallocated tensors of the class that ES modules get from onnxruntime-common.
 */
export function onnxRuntime(): OnnxRuntime {
  const runtime = createRequire(import.meta.url)('onnxruntime-node') as OnnxRuntime;
  // What is wrong comes as an exception; the log would say it once more, in red, before our message.
  if (!process.env.MLM_DEBUG) runtime.env.logLevel = 'fatal';
  return runtime;
}

/** A tensor over the caller's array: nothing is copied. */
export function ortTensor(data: TypedArray, shape: readonly number[]): Tensor {
  const { Tensor } = onnxRuntime();
  if (data instanceof Float32Array) return new Tensor('float32', data, shape);
  return data instanceof Int32Array ? new Tensor('int32', data, shape) : new Tensor('bool', data, shape);
}
