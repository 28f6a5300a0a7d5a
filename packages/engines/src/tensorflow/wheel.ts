import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, mention, say } from '@mlm/base/errors';
import { lastWords, runCommand } from '@mlm/base/spawn';

/** An unpacked TensorFlow distribution. */
export interface TensorflowDistribution {
  version: string;
  /** The distribution's `tensorflow` folder. */
  folder: string;
  /** Whether it is built with CUDA, as PyPI's `tensorflow` is and `tensorflow-cpu` is not. */
  cuda: boolean;
}

/** The release line that the binding and the targets are tested with. */
export const TENSORFLOW_RELEASE = '2.21.*';

const FIND_TENSORFLOW = `
import importlib.util, importlib.metadata, os, json
spec = importlib.util.find_spec("tensorflow")
names = ["tensorflow", "tensorflow-cpu", "tensorflow-intel", "tf-nightly"]
version = None
for name in names:
    try: version = importlib.metadata.version(name); break
    except importlib.metadata.PackageNotFoundError: pass
print(json.dumps({"folder": os.path.dirname(spec.origin) if spec and spec.origin else None, "version": version}))
`;

/**
 * Finds the TensorFlow that a Python interpreter would import, without importing it.
 *
 * @throws InputError if the interpreter does not work or has no usable TensorFlow
 */
export async function findPythonTensorflow(
  python: string,
  signal?: AbortSignal,
): Promise<TensorflowDistribution> {
  const result = await runCommand(python, ['-c', FIND_TENSORFLOW], { signal });
  signal?.throwIfAborted();
  if (result.code !== 0)
    throw new InputError(`${python}: not a working Python interpreter (${lastWords(result, 1)})`);
  const found = JSON.parse(result.stdout) as { folder: string | null; version: string | null };
  if (!found.folder || !found.version) {
    throw new InputError(
      say`${python}: has no TensorFlow; install tensorflow-cpu there, or omit ${mention('python')}`,
    );
  }
  requireLibraries(found.folder);
  return { folder: found.folder, version: found.version, cuda: await isBuiltWithCuda(found.folder) };
}

/**
 * Unpacks TensorFlow's wheel into `target` with pip and, for `gpu`, NVIDIA's CUDA wheels.
 *
 * @throws InputError if pip is missing or fails
 */
export async function downloadTensorflow(
  target: string,
  options: { gpu: boolean; python: string; report: (line: string) => void; signal?: AbortSignal | undefined },
): Promise<TensorflowDistribution> {
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const distribution = `${options.gpu ? 'tensorflow' : 'tensorflow-cpu'}==${TENSORFLOW_RELEASE}`;
  await pipInstall(partial, [distribution], options);
  const metadata = await readMetadata(partial);
  if (options.gpu) await pipInstall(partial, cudaRequirements(metadata), options);
  await rm(target, { recursive: true, force: true });
  await rename(partial, target);
  const folder = join(target, 'tensorflow');
  requireLibraries(folder);
  const version = /^Version: (.+)$/m.exec(metadata)?.[1]?.trim() ?? 'unknown';
  return { folder, version, cuda: await isBuiltWithCuda(folder) };
}

/** What `tf.sysconfig.get_build_info()` would return, read from the file that it reads. */
async function isBuiltWithCuda(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'python', 'platform', 'build_info.py'), 'utf8').catch(() => '');
  return /['"]is_cuda_build['"]\s*[,:]\s*True/.test(text);
}

/** The pip requirements of the extra `and-cuda` in TensorFlow's METADATA. */
export function cudaRequirements(metadata: string): string[] {
  return [...metadata.matchAll(/^Requires-Dist: ([^;\n]+);[^\n]*extra == ["']and-cuda["']/gm)].map((match) =>
    (match[1] ?? '').trim(),
  );
}

async function pipInstall(
  target: string,
  requirements: string[],
  options: { python: string; report: (line: string) => void; signal?: AbortSignal | undefined },
): Promise<void> {
  const args = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--no-deps'];
  args.push('--only-binary=:all:', '--no-compile', '--progress-bar=off', '--target', target, ...requirements);
  const result = await runCommand(options.python, args, { onLine: options.report, signal: options.signal });
  if (result.code === 0) return;
  options.signal?.throwIfAborted();
  const missing = result.code === null || /No module named pip/.test(result.stderr);
  throw new InputError(
    missing
      ? say`${options.python} -m pip does not run; install Python 3.10 to 3.13 with pip, or name an interpreter that has TensorFlow with ${mention('python')}`
      : `pip could not install ${requirements.join(' ')}: ${lastWords(result, 2)}`,
  );
}

async function readMetadata(site: string): Promise<string> {
  const name = (await readdir(site)).find((entry) => /^tensorflow(_cpu)?-.*\.dist-info$/.test(entry));
  if (!name) throw new InputError(`${site}: pip has not installed TensorFlow there; run the setup again`);
  return readFile(join(site, name, 'METADATA'), 'utf8');
}

/** The lower of TensorFlow's libraries, which the other one depends on. */
export const FRAMEWORK = 'libtensorflow_framework.so.2';

/** The libraries that the binding links, both in the wheel's `tensorflow` folder. */
export const LIBRARIES = ['libtensorflow_cc.so.2', FRAMEWORK];

function requireLibraries(folder: string): void {
  for (const path of [...LIBRARIES, 'include/tensorflow/c/c_api.h']) {
    if (!existsSync(join(folder, path))) {
      throw new InputError(
        `${join(folder, path)} is missing, so this TensorFlow cannot be linked; use one from PyPI`,
      );
    }
  }
}
