import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, say } from '@mlm/base/errors';
import { DRIVER_FILE, type TensorflowInstallation, writeInstallation } from '@mlm/compile/tensorflow';
import { type EngineProbe, probeEngine } from '../probe.js';

/**
 * Tries a TensorFlow that is not recorded yet, as `mlm doctor` does: a matrix product and training steps, in a process
 * of its own; on the CPU, and on CUDA where it was built with it and a driver is loaded.
 *
 * @returns the trial on each device; the CPU's works, CUDA's may not
 * @throws InputError when it does not load, computes something wrong or crashes on the CPU
 */
export async function checkTensorflow(
  folder: string,
  installation: TensorflowInstallation,
  { signal, driverFile = DRIVER_FILE, probe = probeEngine }: CheckOptions = {},
): Promise<EngineProbe[]> {
  // The process reads a record: this trial uses a separate folder, so that the real record lists successes only.
  const trial = join(folder, 'check.partial');
  await writeInstallation(trial, installation);
  const env = { ...process.env, MLM_TENSORFLOW_HOME: trial };
  try {
    const checks: EngineProbe[] = [];
    for (const device of ['cpu', 'cuda'] as const) {
      if (device === 'cuda' && !(installation.gpu && existsSync(driverFile))) continue;
      const check = await probe({ engine: 'tensorflow', device }, signal, env);
      signal?.throwIfAborted();
      if (device === 'cpu' && !check.works)
        throw new InputError(say`the check of TensorFlow failed: ${check.error}`);
      checks.push(check);
    }
    return checks;
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

/** What stops the check, and what stands in for the machine in tests. */
export interface CheckOptions {
  signal?: AbortSignal | undefined;
  driverFile?: string;
  probe?: typeof probeEngine;
}
