import { defined } from '@mlm/base/defined';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { explainDeviceError } from '../webgpu/messages.js';
import { onnxRuntime } from './runtime.js';

/** How onnxruntime runs a model. */
export interface SessionOptions {
  /** Threads per operation. Default: onnxruntime's choice, one per physical core. */
  readonly threads?: number | undefined;
  /** `cpu` or `webgpu`. Default: `cpu`. */
  readonly device?: string;
  /** Where each output is placed. Default: `cpu`. */
  readonly locations?: Readonly<Record<string, Tensor.DataLocation>> | undefined;
  /** Prefix of the file name of the profile that `endProfiling` writes. Default: no profile. */
  readonly profile?: string | undefined;
  /** Whether onnxruntime optimizes the graph. Default: true. */
  readonly optimize?: boolean;
}

/** Loads an .onnx file. @throws InputError if the device cannot be used */
export async function createSession(model: Uint8Array, options: SessionOptions): Promise<InferenceSession> {
  const { device = 'cpu', threads, locations, profile, optimize = true } = options;
  try {
    return await onnxRuntime().InferenceSession.create(model, {
      executionProviders: [device],
      ...defined({ intraOpNumThreads: threads, preferredOutputLocation: locations }),
      ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
      graphOptimizationLevel: optimize ? 'all' : 'disabled',
      logSeverityLevel: process.env.MLM_DEBUG ? 3 : 4,
    });
  } catch (error) {
    throw explainDeviceError(device, error as Error);
  }
}
