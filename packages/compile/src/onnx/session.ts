import type { InferenceSession } from 'onnxruntime-common';
import { onnxRuntime } from './runtime.js';

export interface SessionOptions {
  /** Threads for one operation; default: onnxruntime's choice, one a physical core. */
  readonly threads?: number;
  /** `cpu` (default), `webgpu` or `cuda`. */
  readonly device?: string;
}

export async function createSession(model: Uint8Array, options: SessionOptions): Promise<InferenceSession> {
  return onnxRuntime().InferenceSession.create(model, {
    executionProviders: [options.device ?? 'cpu'],
    ...(options.threads !== undefined && { intraOpNumThreads: options.threads }),
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
}
