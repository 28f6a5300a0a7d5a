import { defined } from '@mlm/base/defined';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { explainDeviceError } from '../webgpu/messages.js';
import { onnxRuntime } from './runtime.js';

export interface SessionOptions {
  /** Threads for one operation; default: onnxruntime's choice, one a physical core. */
  readonly threads?: number | undefined;
  /** `cpu` (default) or `webgpu`. */
  readonly device?: string;
  /** Where outputs are left; default `cpu`. */
  readonly locations?: Readonly<Record<string, Tensor.DataLocation>> | undefined;
  /** Start of the name of a profile that `endProfiling` writes. */
  readonly profile?: string | undefined;
  /** Whether onnxruntime optimizes the graph further; default true. */
  readonly optimize?: boolean;
}

/** @throws InputError when the device cannot be used */
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
