import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { call, InputError, mention, say } from '@mlm/base/errors';
import { type TensorflowInstallation, tensorflowFolder, writeInstallation } from '@mlm/compile/tensorflow';
import type { EngineProbe } from '../probe.js';
import { buildBinding } from './binding.js';
import { checkTensorflow } from './check.js';
import { downloadTensorflow, findPythonTensorflow } from './wheel.js';

/** Which TensorFlow to set up, and where. */
export interface SetupOptions {
  /** A Python interpreter whose TensorFlow is used as it is. Default: pip unpacks a wheel from PyPI. */
  python?: string | undefined;
  /**
   * Unpacks `tensorflow[and-cuda]`, with NVIDIA's wheels, instead of `tensorflow-cpu`, and refuses a TensorFlow built
   * without CUDA. Default: false; a Python's own TensorFlow may be of either kind.
   */
  gpu?: boolean | undefined;
  /** The folder to install into. Default: {@link tensorflowFolder}. */
  folder?: string | undefined;
  /** Called with a line per phase, and with the lines of pip and node-gyp. */
  onProgress?: ((phase: 'unpack' | 'build' | 'check', line: string) => void) | undefined;
  /** Aborts pip, the compiler and the check. */
  signal?: AbortSignal | undefined;
}

/** The result of {@link setupTensorflow}. */
export interface SetupResult {
  /** The installation's folder. */
  folder: string;
  /** The record written there. */
  installation: TensorflowInstallation;
  /** The trial on the CPU. */
  check: EngineProbe;
  /** The trial on CUDA; absent if TensorFlow is built without CUDA or no driver is loaded. */
  cudaCheck?: EngineProbe | undefined;
}

/**
 * Makes tfjs-node work with a current TensorFlow: finds or unpacks a wheel from PyPI, builds the binding against it,
 * checks it with a matrix product and a training step (on CUDA as well, if possible), and records it if the check
 * passes. {@link removeTensorflow} undoes it.
 *
 * @throws InputError that says what is missing and how to get it
 *
 * @example
 * ```ts
 * import { setupTensorflow } from '@mlm/engines';
 *
 * const { folder, installation } = await setupTensorflow({ onProgress: (phase, line) => console.log(phase, line) });
 * ```
 */
export async function setupTensorflow(options: SetupOptions = {}): Promise<SetupResult> {
  if (process.platform !== 'linux') {
    throw new InputError(
      say`${call('setupTensorflow')} supports Linux, not ${process.platform}; use ${mention('engine', 'onnx')}`,
    );
  }
  const folder = options.folder ?? tensorflowFolder();
  const gpu = options.gpu ?? false;
  const python = options.python ?? 'python3';
  const { signal } = options;
  const report = (phase: 'unpack' | 'build' | 'check') => (line: string) => options.onProgress?.(phase, line);
  await mkdir(folder, { recursive: true });
  const wheel = options.python
    ? await findPythonTensorflow(options.python, signal)
    : await downloadTensorflow(join(folder, 'site'), { gpu, python, report: report('unpack'), signal });
  if (gpu && !wheel.cuda) {
    throw new InputError(
      say`${mention('gpu')}: TensorFlow ${wheel.version} of ${python} is built without CUDA; install tensorflow[and-cuda] there, or omit ${mention('python')}`,
    );
  }
  report('build')(`building the binding against TensorFlow ${wheel.version}`);
  const built = await buildBinding(join(folder, 'binding'), wheel.folder, {
    python,
    report: report('build'),
    signal,
  });
  const installation: TensorflowInstallation = {
    format_version: 1,
    tensorflow_version: wheel.version,
    library_folder: wheel.folder,
    gpu: wheel.cuda,
    source: options.python ? 'python' : 'pip',
    binding: built.binding,
    quiet_load: built.quietLoad,
    cuda_libraries: built.cudaLibraries,
    binding_version: built.version,
  };
  // The binding of an earlier setup has just been replaced.
  await rm(join(folder, 'installation.json'), { force: true });
  report('check')('a matrix product and a training step');
  const [check, cudaCheck] = await checkTensorflow(folder, installation, { requireCuda: gpu, signal });
  await writeInstallation(folder, installation);
  return { folder, installation, check: check!, cudaCheck };
}

/**
 * Removes what {@link setupTensorflow} installed into `folder`. A Python's own TensorFlow is never touched.
 *
 * @returns whether there was anything to remove
 *
 * @example
 * ```ts
 * import { removeTensorflow } from '@mlm/engines';
 *
 * console.log((await removeTensorflow()) ? 'removed' : 'there was none');
 * ```
 */
export async function removeTensorflow(folder = tensorflowFolder()): Promise<boolean> {
  const parts = ['installation.json', 'binding', 'binding.partial', 'site', 'site.partial', 'check.partial'];
  const present = parts.some((name) => existsSync(join(folder, name)));
  for (const name of parts) await rm(join(folder, name), { recursive: true, force: true });
  return present;
}
