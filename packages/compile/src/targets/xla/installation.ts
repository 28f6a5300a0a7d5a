import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { call, InputError, type MessageParts, say } from '@mlm/base/errors';

/** Where XLA runs. `rocm` and `tpu` have never been tested. */
export type XlaDevice = 'cpu' | 'cuda' | 'rocm' | 'tpu';

/** The record of `setupXla` of @mlm/engines for a device. */
export interface XlaInstallation {
  format_version: 1;
  device: XlaDevice;
  /** Name and version of the plugin's wheel, such as `jax-cuda13-pjrt 0.12.0.1`. */
  package: string;
  /** Path of the PJRT plugin, relative to the record's folder. */
  plugin: string;
  /** Folder of the vendor's compiler and its libraries (`xla_gpu_cuda_data_dir`), relative to the record's folder. */
  data_folder?: string | undefined;
}

/** A PJRT plugin: the shared library that runs programs on a device. */
export interface XlaPlugin {
  /** Absolute path. */
  readonly path: string;
  /** For messages and `doctor`. */
  readonly version: string;
  readonly dataFolder?: string | undefined;
}

/**
 * The per-user folder of the plugins of all devices: `$MLM_XLA_HOME`, else `$XDG_DATA_HOME/mlm/xla`, else
 * `~/.local/share/mlm/xla`.
 */
export function xlaFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const data = environment.XDG_DATA_HOME || join(homedir(), '.local', 'share');
  return environment.MLM_XLA_HOME || join(data, 'mlm', 'xla');
}

/** The record of a device's setup; undefined if there is none or its plugin is gone. */
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
 * The plugin of a device: the one that `MLM_PJRT_PLUGIN` names, else the one that was set up.
 *
 * @throws InputError if there is none
 */
export async function findPlugin(device: XlaDevice): Promise<XlaPlugin> {
  const named = process.env.MLM_PJRT_PLUGIN;
  if (named) return { path: resolve(named), version: `plugin ${named}` };
  const record = await readXlaInstallation(device);
  if (!record) {
    throw new InputError(
      say`XLA is not set up for ${device}; ${device === 'cpu' ? 'set' : 'run'} ${remedyFor(device)}`,
    );
  }
  const at = (path: string) => join(xlaFolder(), device, path);
  return {
    path: at(record.plugin),
    version: record.package,
    dataFolder: record.data_folder && at(record.data_folder),
  };
}

/** The command, or the setting of the environment, that makes XLA run on a device. */
export function remedyFor(device: XlaDevice): MessageParts {
  if (device === 'cpu') return ['MLM_PJRT_PLUGIN=<a PJRT plugin for the CPU>'];
  if (device === 'cuda') return say`${call('setupXla')}`;
  return say`${call('setupXla', { [device]: true })} (untested)`;
}
