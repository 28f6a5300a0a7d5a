import type { DataType, TypedArray } from '@tensorflow/tfjs-core';

/** What kernels need of tfjs's CPU backend, which this package does not depend on. */
export interface HostBackend {
  readSync(dataId: object): TypedArray;
  write(values: TypedArray, shape: number[], dtype: DataType): object;
}
