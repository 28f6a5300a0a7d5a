import type { Tensor } from 'onnxruntime-common';
import type { TypedArray } from '../../graph/graph.js';

/** The tensor class of an onnxruntime. */
export type TensorClass = new (
  type: 'float32' | 'int32' | 'bool',
  data: TypedArray,
  dims: readonly number[],
) => Tensor;

/** A tensor over the caller's array, which is not copied. */
export function makeTensor(Class: TensorClass, data: TypedArray, shape: readonly number[]): Tensor {
  if (data instanceof Float32Array) return new Class('float32', data, shape);
  return new Class(data instanceof Int32Array ? 'int32' : 'bool', data, shape);
}
