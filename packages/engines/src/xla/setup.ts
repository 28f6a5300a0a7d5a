import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, mention, say } from '@mlm/base/errors';
import { DRIVER_FILE } from '@mlm/compile/tensorflow';
import { type XlaDevice, type XlaInstallation, xlaFolder } from '@mlm/compile/xla';
import { type EngineProbe, probeEngine } from '../probe.js';
import { findWheel, type Wheel } from './index-page.js';
import { devicePackages } from './packages.js';
import { fetchWheel } from './wheel.js';

/** For which device XLA is set up, and where. */
export interface XlaSetupOptions {
  /** AMD GPUs, in place of NVIDIA's. Never tried. */
  rocm?: boolean | undefined;
  /** Google's TPUs, in place of NVIDIA's GPUs. Never tried. */
  tpu?: boolean | undefined;
  /** Where everything goes (default: `$MLM_XLA_HOME`, else `$XDG_DATA_HOME/mlm/xla`, else `~/.local/share/mlm/xla`). */
  folder?: string | undefined;
  /** Called with a line for each phase; first with what is fetched and how large it is. */
  onProgress?: ((phase: 'fetch' | 'check', line: string) => void) | undefined;
  /** Ends downloads and the check. */
  signal?: AbortSignal | undefined;
  /** What stands in for the machine in tests. */
  probe?: typeof probeEngine;
}

/** What was set up, and how it did. */
export interface XlaSetupResult {
  folder: string;
  installation: XlaInstallation;
  /** The trial on the device; left out where NVIDIA's driver is not loaded. */
  check?: EngineProbe | undefined;
}

type SetUpDevice = Exclude<XlaDevice, 'cpu'>;

const deviceOf = ({ rocm, tpu }: XlaSetupOptions): SetUpDevice => {
  if (rocm && tpu) throw new InputError(say`one device at a time: ${mention('rocm')} or ${mention('tpu')}`);
  return rocm ? 'rocm' : tpu ? 'tpu' : 'cuda';
};

/**
 * Fetches the PJRT plugin for a device, with the vendor's libraries, from the Python index: wheels are zip files, so no
 * Python is needed. Hashes are checked. Then the engine is tried, where the device's driver is loaded; nothing is kept
 * unless that went well. Undone by {@link removeXla}.
 *
 * @throws InputError that says what is missing and how to get it
 *
 * @example
 * ```ts
 * import { setupXla } from '@mlm/engines';
 *
 * const { folder, installation } = await setupXla({ onProgress: (phase, line) => console.log(phase, line) });
 * ```
 */
export async function setupXla(options: XlaSetupOptions = {}): Promise<XlaSetupResult> {
  if (process.platform !== 'linux') {
    throw new InputError(
      say`XLA's plugins are for Linux, not ${process.platform}: use ${mention('engine', 'onnx')}`,
    );
  }
  const { folder = xlaFolder(), onProgress, signal, probe = probeEngine } = options;
  const device = deviceOf(options);
  const { packages, plugin, dataFolder } = devicePackages[device];
  // A separate folder until it has been tried: an earlier installation stays as it is.
  const trial = join(folder, 'setup.partial');
  const target = join(trial, device);
  await rm(trial, { recursive: true, force: true });
  try {
    const wheels = await Promise.all(packages.map((one) => findWheel(one, signal)));
    onProgress?.('fetch', describe(wheels));
    for (const wheel of wheels) {
      onProgress?.('fetch', `${wheel.file}${sizeOf(wheel)}`);
      await fetchWheel(wheel, target, { signal });
    }
    if (!existsSync(join(target, plugin))) {
      throw new InputError(`${wheels[0]!.file} has no ${plugin}`);
    }
    const [{ name, version }] = packages as [(typeof packages)[number]];
    const installation: XlaInstallation = {
      format_version: 1,
      device,
      package: `${name} ${version}`,
      plugin,
      data_folder: dataFolder,
    };
    await writeFile(join(target, 'installation.json'), `${JSON.stringify(installation, null, 2)}\n`);
    const check = await tryOn(device, trial, options, probe);
    await mkdir(folder, { recursive: true });
    await rm(join(folder, device), { recursive: true, force: true });
    await rename(target, join(folder, device));
    return { folder, installation, check };
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

/** @throws InputError if the trial fails */
async function tryOn(
  device: SetUpDevice,
  home: string,
  { onProgress, signal }: XlaSetupOptions,
  probe: typeof probeEngine,
): Promise<EngineProbe | undefined> {
  if (device === 'cuda' && !existsSync(DRIVER_FILE)) return undefined;
  onProgress?.('check', 'a matrix product and a training step');
  const { MLM_PJRT_PLUGIN: _, ...environment } = process.env;
  const check = await probe({ engine: 'xla', device }, signal, { ...environment, MLM_XLA_HOME: home });
  signal?.throwIfAborted();
  if (!check.works) throw new InputError(say`the check of XLA on ${device} failed: ${check.error}`);
  return check;
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;

const sizeOf = ({ bytes }: Wheel) => (bytes === undefined ? '' : `, ${megabytes(bytes)}`);

function describe(wheels: readonly Wheel[]): string {
  const sizes = wheels.map(({ bytes }) => bytes);
  const total = sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  const known = sizes.includes(undefined)
    ? `${megabytes(total)} and what the index does not tell`
    : megabytes(total);
  return `${wheels.length} ${wheels.length === 1 ? 'wheel' : 'wheels'} from ${new URL(wheels[0]!.url).host}, ${known}`;
}

/**
 * Removes what {@link setupXla} left, for all devices. @returns whether there was anything
 *
 * @example
 * ```ts
 * import { removeXla } from '@mlm/engines';
 *
 * console.log((await removeXla()) ? 'removed' : 'there was none');
 * ```
 */
export async function removeXla(folder = xlaFolder()): Promise<boolean> {
  const parts = [...Object.keys(devicePackages), 'setup.partial'].map((name) => join(folder, name));
  const present = parts.some(existsSync);
  for (const part of parts) await rm(part, { recursive: true, force: true });
  return present;
}
