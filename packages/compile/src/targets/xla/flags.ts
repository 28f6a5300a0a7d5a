import type { OptionValue } from '@mlm/pjrt';
import type { EmitOptions } from './emit/builder.js';
import type { XlaDevice } from './installation.js';

/** How XLA compiles for a device. */
export interface FlagOptions {
  readonly device: XlaDevice;
  /** The same bits in every run, at some cost; default true. */
  readonly deterministic?: boolean | undefined;
  /** The folder of CUDA's compiler. */
  readonly dataFolder?: string | undefined;
}

/** XLA's flags for a device. */
export function compileFlags({
  device,
  deterministic = true,
  dataFolder,
}: FlagOptions): Record<string, OptionValue> {
  return {
    // What is rounded to bfloat16 is rounded, also where XLA could keep more bits.
    xla_allow_excess_precision: false,
    ...(device === 'cuda' && dataFolder ? { xla_gpu_cuda_data_dir: dataFolder } : {}),
    ...(device === 'cuda' || device === 'rocm' ? gpuFlags(deterministic) : {}),
  };
}

/** How a program is written for a device. Nothing but a GPU adds in no order. */
export const emissionFor = (device: XlaDevice, deterministic = true): Pick<EmitOptions, 'sortedSums'> => ({
  sortedSums: deterministic && (device === 'cuda' || device === 'rocm'),
});

/**
 * Deterministic: sums over duplicates are sorted in place of atomic, and no kernel is chosen by its measured time. Without
 * autotuning Triton's matrix products have no configuration, so cuBLAS does them all.
 */
const gpuFlags = (deterministic: boolean): Record<string, OptionValue> =>
  deterministic
    ? { xla_gpu_deterministic_ops: true, xla_gpu_autotune_level: 0, xla_gpu_enable_triton_gemm: false }
    : {};
