import type { InferenceSession } from 'onnxruntime-common';
import type { TensorClass } from '../onnx/tensor.js';

/** The part of onnxruntime-web that this package uses. */
export interface WebRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorClass;
}

let runtime: WebRuntime | undefined;

/**
 * Sets the onnxruntime-web that runs compiled functions, such as `import * as ort from 'onnxruntime-web/webgpu'`. The
 * page chooses its build, the location of its .wasm files (`ort.env.wasm.wasmPaths`) and its number of threads
 * (`ort.env.wasm.numThreads`).
 */
export function useOnnxRuntime(ort: WebRuntime): void {
  runtime = ort;
}

/** The runtime that was set. @throws Error before {@link useOnnxRuntime} is called */
export function webRuntime(): WebRuntime {
  if (!runtime) throw new Error('no onnxruntime-web is set; call useOnnxRuntime(ort) first');
  return runtime;
}
