import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The record of `setupTensorflow`: where TensorFlow's libraries are, and the binding built against them. */
export interface TensorflowInstallation {
  format_version: 1;
  /** TensorFlow's version, such as `2.21.0`. */
  tensorflow_version: string;
  /** The wheel's `tensorflow` folder, with libtensorflow_cc.so.2 and include/. */
  library_folder: string;
  /** Whether this TensorFlow is built with CUDA. */
  gpu: boolean;
  /**
   * `pip`: unpacked by `setupTensorflow`, and removed with it. `python`: belongs to a Python installation, never
   * touched.
   */
  source: 'pip' | 'python';
  /** Absolute path of tfjs_binding.node. */
  binding: string;
  /** Absolute path of the addon that silences the loading of TensorFlow's first library; see `buildBinding`. */
  quiet_load?: string;
  /**
   * Absolute path of the addon that loads CUDA libraries which TensorFlow does not find by itself; see `buildBinding`.
   */
  cuda_libraries?: string | undefined;
  /** Version of @tensorflow/tfjs-node-gpu that the binding was built from. */
  binding_version: string;
}

/**
 * The per-user folder of TensorFlow and the binding: `$MLM_TENSORFLOW_HOME`, else `$XDG_DATA_HOME/mlm/tensorflow`, else
 * `~/.local/share/mlm/tensorflow`. It is outside node_modules, which a package manager may rebuild at any time.
 */
export function tensorflowFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = environment.MLM_TENSORFLOW_HOME;
  if (chosen) return chosen;
  const data = environment.XDG_DATA_HOME || join(homedir(), '.local', 'share');
  return join(data, 'mlm', 'tensorflow');
}

const recordPath = (folder: string) => join(folder, 'installation.json');

/** The installation recorded in `folder`; undefined if there is none or its libraries are gone. */
export async function readInstallation(
  folder = tensorflowFolder(),
): Promise<TensorflowInstallation | undefined> {
  let text: string;
  try {
    text = await readFile(recordPath(folder), 'utf8');
  } catch {
    return undefined;
  }
  const record = JSON.parse(text) as TensorflowInstallation;
  return existsSync(record.binding) && existsSync(record.library_folder) ? record : undefined;
}

/** Records an installation. The record appears whole or not at all. */
export async function writeInstallation(folder: string, installation: TensorflowInstallation): Promise<void> {
  await mkdir(folder, { recursive: true });
  const partial = `${recordPath(folder)}.partial`;
  await writeFile(partial, `${JSON.stringify(installation, null, 2)}\n`);
  await rename(partial, recordPath(folder));
}
