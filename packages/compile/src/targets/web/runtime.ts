import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { TypedArray } from '../../graph/graph.js';

/** The part of onnxruntime-web that is used here. */
export interface WebRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (
    type: 'float32' | 'int32' | 'bool',
    data: TypedArray,
    dims: readonly number[],
  ) => Tensor;
}

let runtime: WebRuntime | undefined;

/**
 * Names the onnxruntime-web that runs compiled functions: `import * as ort from 'onnxruntime-web/webgpu'`. The page chooses
 * its build, where its .wasm files lie (`ort.env.wasm.wasmPaths`) and how many threads it uses (`ort.env.wasm.numThreads`).
 */
export function useOnnxRuntime(ort: WebRuntime): void {
  runtime = ort;
}

/** @throws Error before {@link useOnnxRuntime} */
export function webRuntime(): WebRuntime {
  if (!runtime) throw new Error('call useOnnxRuntime(ort) with onnxruntime-web first');
  return runtime;
}
