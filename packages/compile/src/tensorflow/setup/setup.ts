import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../error.js';
import type { EngineProbe } from '../../probe/probe.js';
import { buildBinding } from './binding.js';
import { checkTensorflow } from './check.js';
import { type TensorflowInstallation, tensorflowFolder, writeInstallation } from './installation.js';
import { downloadTensorflow, findPythonTensorflow } from './wheel.js';

export interface SetupOptions {
  /** Interpreter whose installed TensorFlow is used as it is; without it the PyPI wheel is unpacked through pip. */
  python?: string | undefined;
  /** Unpack `tensorflow[and-cuda]` with NVIDIA's wheels in place of `tensorflow-cpu`. Default false. */
  gpu?: boolean | undefined;
  /** Where everything goes (default {@link tensorflowFolder}). */
  folder?: string | undefined;
  /** Called with a line for each phase and with the lines of pip and node-gyp. */
  onProgress?: ((phase: 'unpack' | 'build' | 'check', line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface SetupResult {
  folder: string;
  installation: TensorflowInstallation;
  /** The trial of what was set up. */
  check: EngineProbe;
}

/**
 * Makes tfjs-node work with today's TensorFlow: finds or unpacks a PyPI wheel, builds the binding against it, checks it
 * with a matmul and a training step, and records it. Nothing is recorded unless the check passed. Undone by
 * {@link removeTensorflow}.
 *
 * @throws InputError that says what is missing and how to get it.
 */
export async function setupTensorflow(options: SetupOptions = {}): Promise<SetupResult> {
  if (process.platform !== 'linux') {
    throw new InputError(`mlm setup tensorflow supports Linux, not ${process.platform}: use --engine onnx`);
  }
  const folder = options.folder ?? tensorflowFolder();
  const gpu = options.gpu ?? false;
  const python = options.python ?? 'python3';
  const { signal } = options;
  const report = (phase: 'unpack' | 'build' | 'check') => (line: string) => options.onProgress?.(phase, line);
  await mkdir(folder, { recursive: true });
  const wheel = options.python
    ? await findPythonTensorflow(options.python)
    : await downloadTensorflow(join(folder, 'site'), { gpu, python, report: report('unpack'), signal });
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
    gpu,
    source: options.python ? 'python' : 'pip',
    binding: built.binding,
    binding_version: built.version,
  };
  await writeInstallation(folder, installation);
  report('check')('a matmul and a training step');
  try {
    return { folder, installation, check: await checkTensorflow(folder) };
  } catch (error) {
    await rm(join(folder, 'installation.json'), { force: true });
    throw error;
  }
}

/** Removes what {@link setupTensorflow} left in `folder`; a Python's own TensorFlow is never touched. */
export async function removeTensorflow(folder = tensorflowFolder()): Promise<boolean> {
  const parts = ['installation.json', 'binding', 'binding.partial', 'site', 'site.partial'];
  const present = parts.some((name) => existsSync(join(folder, name)));
  for (const name of parts) await rm(join(folder, name), { recursive: true, force: true });
  return present;
}
