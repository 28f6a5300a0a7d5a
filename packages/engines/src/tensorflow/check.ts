import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, say } from '@mlm/base/errors';
import { DRIVER_FILE, type TensorflowInstallation, writeInstallation } from '@mlm/compile/tensorflow';
import { type EngineProbe, probeEngine } from '../probe.js';

/**
 * Tries a TensorFlow that is not recorded yet, in a separate process, on the CPU and, if TensorFlow is built with CUDA
 * and a driver is loaded, on CUDA.
 *
 * @returns the trial on each device; the one on the CPU has succeeded, and so has the one on CUDA with `requireCuda`
 * @throws InputError if TensorFlow does not load on the CPU, computes wrong results or crashes
 */
export async function checkTensorflow(
  folder: string,
  installation: TensorflowInstallation,
  { requireCuda = false, signal, driverFile = DRIVER_FILE, probe = probeEngine }: CheckOptions = {},
): Promise<EngineProbe[]> {
  // The process reads a record. It is written to a separate folder: the real one only records what works.
  const trial = join(folder, 'check.partial');
  await writeInstallation(trial, installation);
  const env = { ...process.env, MLM_TENSORFLOW_HOME: trial };
  try {
    const checks: EngineProbe[] = [];
    for (const device of ['cpu', 'cuda'] as const) {
      if (device === 'cuda' && !(installation.gpu && existsSync(driverFile))) continue;
      const check = await probe({ engine: 'tensorflow', device }, signal, env);
      signal?.throwIfAborted();
      if (!check.works && (device === 'cpu' || requireCuda)) {
        const where = device === 'cuda' ? ' on CUDA' : '';
        throw new InputError(say`the check of TensorFlow${where} failed: ${check.error}`);
      }
      checks.push(check);
    }
    return checks;
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

/** Options of {@link checkTensorflow}; tests replace the driver's file and the probe. */
export interface CheckOptions {
  /** Whether a failure on CUDA is an error, too. Default: false. */
  requireCuda?: boolean;
  signal?: AbortSignal | undefined;
  driverFile?: string;
  probe?: typeof probeEngine;
}
