import type { DataType, TypedArray } from '@tensorflow/tfjs-core';

/** The part of tfjs's CPU backend that our kernels use; this package does not depend on that backend. */
export interface HostBackend {
  readSync(dataId: object): TypedArray;
  write(values: TypedArray, shape: number[], dtype: DataType): object;
}
