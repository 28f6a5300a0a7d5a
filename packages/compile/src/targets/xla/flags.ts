import type { OptionValue } from '@mlm/pjrt';
import type { XlaDevice } from './installation.js';
import type { EmitOptions } from './statements.js';

/** How XLA compiles for a device. */
export interface FlagOptions {
  readonly device: XlaDevice;
  /** Whether every run gives the same bits, at some cost. Default: true. */
  readonly deterministic?: boolean | undefined;
  /** Folder of CUDA's compiler. */
  readonly dataFolder?: string | undefined;
}

/** XLA's flags for a device. */
export function compileFlags({
  device,
  deterministic = true,
  dataFolder,
}: FlagOptions): Record<string, OptionValue> {
  return {
    // Values are rounded to bfloat16 even where XLA could keep more bits.
    xla_allow_excess_precision: false,
    ...(device === 'cuda' && dataFolder ? { xla_gpu_cuda_data_dir: dataFolder } : {}),
    ...(device === 'cuda' || device === 'rocm' ? gpuFlags(deterministic) : {}),
  };
}

/** How a program is written for a device. Only GPUs add in no fixed order. */
export const emissionFor = (device: XlaDevice, deterministic = true): Pick<EmitOptions, 'sortedSums'> => ({
  sortedSums: deterministic && (device === 'cuda' || device === 'rocm'),
});

/**
 * Deterministic flags replace atomic sums by sorted ones, and never choose a kernel by its measured speed. Without
 * autotuning, Triton's matrix products have no configuration, so that cuBLAS computes them all.
 */
const gpuFlags = (deterministic: boolean): Record<string, OptionValue> =>
  deterministic
    ? { xla_gpu_deterministic_ops: true, xla_gpu_autotune_level: 0, xla_gpu_enable_triton_gemm: false }
    : {};
