import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { call, InputError, type MessageParts, mention, say } from '@mlm/base/errors';
import { OutOfMemoryError } from '../../error.js';
import type { TensorflowInstallation } from './installation.js';

/** The state of CUDA on a machine where TensorFlow finds no GPU. */
export interface CudaFacts {
  /** Whether TensorFlow is built with CUDA. */
  setUpForGpu: boolean;
  /** Version of the NVIDIA driver, such as `550.54.14`; undefined if none is loaded. */
  driver: string | undefined;
  /** Libraries missing from NVIDIA's wheels beside TensorFlow's, as paths in the `nvidia` folder. */
  missingLibraries: readonly string[];
}

/** The oldest driver that runs CUDA 12 (NVIDIA's table of CUDA 12.x minor version compatibility). */
const OLDEST_DRIVER = 525;

const LIBRARIES = [
  'cuda_runtime/lib/libcudart.so.12',
  'cublas/lib/libcublas.so.12',
  'cufft/lib/libcufft.so.11',
  'cusolver/lib/libcusolver.so.11',
  'cusparse/lib/libcusparse.so.12',
  'cudnn/lib/libcudnn.so.9',
] as const;

/** The file with the version of NVIDIA's driver, which exists while the driver is loaded. */
export const DRIVER_FILE = '/proc/driver/nvidia/version';

/** Examines CUDA for an installation; tests replace `driverFile`. */
export async function findCuda(
  installation: TensorflowInstallation,
  driverFile = DRIVER_FILE,
): Promise<CudaFacts> {
  // pip installs NVIDIA's wheels beside TensorFlow's, where TensorFlow's run path points.
  const nvidia = join(dirname(installation.library_folder), 'nvidia');
  return {
    setUpForGpu: installation.gpu,
    driver: await driverVersion(driverFile),
    missingLibraries: LIBRARIES.filter((path) => !existsSync(join(nvidia, path))),
  };
}

/** Parses `Kernel Module  550.54.14` and, of the open driver, `Open Kernel Module for x86_64  550.54.14`. */
async function driverVersion(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /Kernel Module\b.*?\s(\d+(?:\.\d+)+)\s/.exec(text)?.[1];
}

/** Says in one line what is missing for CUDA, and how to get it. */
export function explainMissingCuda({ setUpForGpu, driver, missingLibraries }: CudaFacts): InputError {
  const missing = (text: string | MessageParts) => new InputError(say`${mention('device', 'cuda')}: ${text}`);
  const setup = call('setupTensorflow', { gpu: true });
  if (!setUpForGpu) return missing(say`this TensorFlow is built without CUDA; run ${setup}`);
  if (driver === undefined) {
    return missing(
      say`no NVIDIA driver is loaded; install version ${OLDEST_DRIVER} or newer, or use ${mention('device', 'cpu')}`,
    );
  }
  if (Number.parseInt(driver, 10) < OLDEST_DRIVER) {
    return missing(
      `the NVIDIA driver ${driver} is too old for CUDA 12; install version ${OLDEST_DRIVER} or newer`,
    );
  }
  const [library] = missingLibraries;
  if (library !== undefined) {
    const name = library.includes('cudnn') ? 'cuDNN' : library.split('/').at(-1);
    return missing(say`${name} is missing beside TensorFlow; run ${setup} again`);
  }
  return missing(
    `TensorFlow finds no GPU although the driver ${driver} is loaded; set TF_CPP_MIN_LOG_LEVEL=0 to see why`,
  );
}

/**
 * Turns TensorFlow's out-of-memory errors into an OutOfMemoryError; returns any other error as it is.
 *
 * @param rows rows of the batch that was run; undefined while weights are written
 */
export function explainMemoryError(device: string, error: Error, rows: number | undefined): Error {
  if (!/OOM when allocating|RESOURCE_EXHAUSTED|out of memory/i.test(error.message)) return error;
  return new OutOfMemoryError(say`${mention('device', device)}`, rows);
}
