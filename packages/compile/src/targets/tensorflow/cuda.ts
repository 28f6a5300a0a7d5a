import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { call, InputError, type MessageParts, mention, say } from '@mlm/base/errors';
import { OutOfMemoryError } from '../../error.js';
import type { TensorflowInstallation } from './installation.js';

/** What was found on a machine where TensorFlow sees no GPU. */
export interface CudaFacts {
  /** Whether TensorFlow was built with CUDA. */
  setUpForGpu: boolean;
  /** The NVIDIA driver's version, such as `550.54.14`; undefined without a driver. */
  driver: string | undefined;
  /** Libraries that should lie in NVIDIA's wheels beside TensorFlow's, and do not. */
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

/** Where NVIDIA's driver says its version, while it is loaded. */
export const DRIVER_FILE = '/proc/driver/nvidia/version';

/** What there is of CUDA for an installation; `driverFile` stands in for the driver's in tests. */
export async function findCuda(
  installation: TensorflowInstallation,
  driverFile = DRIVER_FILE,
): Promise<CudaFacts> {
  // pip puts NVIDIA's wheels into the same folder as TensorFlow's, where its own run path finds them.
  const nvidia = join(dirname(installation.library_folder), 'nvidia');
  return {
    setUpForGpu: installation.gpu,
    driver: await driverVersion(driverFile),
    missingLibraries: LIBRARIES.filter((path) => !existsSync(join(nvidia, path))),
  };
}

/** Both kinds of the driver's modules tell it: `Kernel Module  550.54.14` and `Open Kernel Module for x86_64  550.54.14`. */
async function driverVersion(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /Kernel Module\b.*?\s(\d+(?:\.\d+)+)\s/.exec(text)?.[1];
}

/** One line for each way in which CUDA can be missing. */
export function explainMissingCuda({ setUpForGpu, driver, missingLibraries }: CudaFacts): InputError {
  const missing = (text: string | MessageParts) => new InputError(say`${mention('device', 'cuda')}: ${text}`);
  const setup = call('setupTensorflow', { gpu: true });
  if (!setUpForGpu) return missing(say`this TensorFlow is built without CUDA: run ${setup}`);
  if (driver === undefined) {
    return missing(
      say`no NVIDIA driver is loaded: install one, version ${OLDEST_DRIVER} or newer, or use ${mention('device', 'cpu')}`,
    );
  }
  if (Number.parseInt(driver, 10) < OLDEST_DRIVER) {
    return missing(
      `the NVIDIA driver ${driver} is too old for CUDA 12: install version ${OLDEST_DRIVER} or newer`,
    );
  }
  const [library] = missingLibraries;
  if (library !== undefined) {
    const name = library.includes('cudnn') ? 'cuDNN' : library.split('/').at(-1);
    return missing(say`${name} was not found beside TensorFlow: run ${setup} again`);
  }
  return missing(
    `TensorFlow finds no GPU although the driver ${driver} is there: TF_CPP_MIN_LOG_LEVEL=0 makes it say why`,
  );
}

/**
 * The error of TensorFlow where something did not fit into the memory; others as they are.
 *
 * @param rows of the batch that was run; undefined while weights are written
 */
export function explainMemoryError(device: string, error: Error, rows: number | undefined): Error {
  if (!/OOM when allocating|RESOURCE_EXHAUSTED|out of memory/i.test(error.message)) return error;
  return new OutOfMemoryError(say`${mention('device', device)}`, rows);
}
