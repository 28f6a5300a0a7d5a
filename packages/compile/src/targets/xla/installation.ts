import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { call, InputError, type MessageParts, say } from '@mlm/base/errors';

/** Where XLA runs. `rocm` and `tpu` were never tried. */
export type XlaDevice = 'cpu' | 'cuda' | 'rocm' | 'tpu';

/** What `setupXla` of @mlm/engines left behind for a device. */
export interface XlaInstallation {
  format_version: 1;
  device: XlaDevice;
  /** Name and version of the wheel that has the plugin: `jax-cuda13-pjrt 0.12.0.1`. */
  package: string;
  /** The PJRT plugin, relative to the record's folder. */
  plugin: string;
  /** The vendor's compiler and its libraries (`xla_gpu_cuda_data_dir`), relative likewise. */
  data_folder?: string | undefined;
}

/** The shared library that runs programs on a device. */
export interface XlaPlugin {
  /** Absolute path. */
  readonly path: string;
  /** For messages and `doctor`. */
  readonly version: string;
  readonly dataFolder?: string | undefined;
}

/**
 * The per-user folder with a plugin for each device: `$MLM_XLA_HOME`, else `$XDG_DATA_HOME/mlm/xla`, else
 * `~/.local/share/mlm/xla`.
 */
export function xlaFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const data = environment.XDG_DATA_HOME || join(homedir(), '.local', 'share');
  return environment.MLM_XLA_HOME || join(data, 'mlm', 'xla');
}

/** The record of a device's set-up; undefined when there is none, or its plugin has gone. */
export async function readXlaInstallation(
  device: XlaDevice,
  folder = xlaFolder(),
): Promise<XlaInstallation | undefined> {
  const text = await readFile(join(folder, device, 'installation.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as XlaInstallation;
  return existsSync(join(folder, device, record.plugin)) ? record : undefined;
}

/**
 * The plugin for a device: what `MLM_PJRT_PLUGIN` names, else what was set up.
 *
 * @throws InputError if there is none
 */
export async function findPlugin(device: XlaDevice): Promise<XlaPlugin> {
  const named = process.env.MLM_PJRT_PLUGIN;
  if (named) return { path: resolve(named), version: `plugin ${named}` };
  const record = await readXlaInstallation(device);
  if (!record) {
    throw new InputError(say`XLA is not set up for ${device}: ${remedyFor(device)}`);
  }
  const at = (path: string) => join(xlaFolder(), device, path);
  return {
    path: at(record.plugin),
    version: record.package,
    dataFolder: record.data_folder && at(record.data_folder),
  };
}

/** What gets XLA to run on a device. */
export function remedyFor(device: XlaDevice): MessageParts {
  if (device === 'cpu') return ['let MLM_PJRT_PLUGIN name a PJRT plugin for the CPU'];
  if (device === 'cuda') return say`run ${call('setupXla')}`;
  return say`run ${call('setupXla', { [device]: true })} (never tried on such a device)`;
}
