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
  /** Interpreter whose installed TensorFlow is used as it is; without it the PyPI wheel is unpacked through pip. */
  python?: string | undefined;
  /**
   * Unpack `tensorflow[and-cuda]` with NVIDIA's wheels in place of `tensorflow-cpu`, and take none that was built
   * without CUDA. Default false: then a Python's TensorFlow may be either.
   */
  gpu?: boolean | undefined;
  /** Where everything goes (default {@link tensorflowFolder}). */
  folder?: string | undefined;
  /** Called with a line for each phase and with the lines of pip and node-gyp. */
  onProgress?: ((phase: 'unpack' | 'build' | 'check', line: string) => void) | undefined;
  /** Ends pip, the compiler and the check. */
  signal?: AbortSignal | undefined;
}

/** What was set up, and how it did. */
export interface SetupResult {
  /** The folder that holds it. */
  folder: string;
  /** What was recorded there. */
  installation: TensorflowInstallation;
  /** The trial of what was set up on the CPU. */
  check: EngineProbe;
  /** The trial on CUDA; left out where TensorFlow has none or no driver is loaded. */
  cudaCheck?: EngineProbe | undefined;
}

/**
 * Makes tfjs-node work with today's TensorFlow: finds or unpacks a PyPI wheel, builds the binding against it, checks it
 * with a matmul and a training step, on CUDA too where it can be, and records it. Nothing is recorded unless the check
 * passed. Undone by {@link removeTensorflow}.
 *
 * @throws InputError that says what is missing and how to get it.
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
      say`${call('setupTensorflow')} supports Linux, not ${process.platform}: use ${mention('engine', 'onnx')}`,
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
      say`${mention('gpu')}: TensorFlow ${wheel.version} of ${python} is built without CUDA: install tensorflow[and-cuda] there, or leave ${mention('python')} out`,
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
  // What an earlier set-up recorded has just been replaced.
  await rm(join(folder, 'installation.json'), { force: true });
  report('check')('a matmul and a training step');
  const [check, cudaCheck] = await checkTensorflow(folder, installation, { signal });
  if (gpu && cudaCheck?.works === false) {
    throw new InputError(`the check of TensorFlow on CUDA failed: ${cudaCheck.error}`);
  }
  await writeInstallation(folder, installation);
  return { folder, installation, check: check!, cudaCheck };
}

/**
 * Removes what {@link setupTensorflow} left in `folder`; a Python's own TensorFlow is never touched.
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
