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

/** Options of {@link setupXla}. */
export interface XlaSetupOptions {
  /** For AMD GPUs instead of NVIDIA's. Never tested. */
  rocm?: boolean | undefined;
  /** For Google's TPUs instead of NVIDIA's GPUs. Never tested. */
  tpu?: boolean | undefined;
  /**
   * The folder to install into. Default: `$MLM_XLA_HOME`, else `$XDG_DATA_HOME/mlm/xla`, else `~/.local/share/mlm/xla`.
   */
  folder?: string | undefined;
  /** Called with a line per phase, first with the files to download and their size. */
  onProgress?: ((phase: 'fetch' | 'check', line: string) => void) | undefined;
  /** Aborts downloads and the check. */
  signal?: AbortSignal | undefined;
  /** Tries the engine; tests replace it. */
  probe?: typeof probeEngine;
}

/** The result of {@link setupXla}. */
export interface XlaSetupResult {
  /** The folder of all devices' installations. */
  folder: string;
  installation: XlaInstallation;
  /** The trial on the device; absent if NVIDIA's driver is not loaded. */
  check?: EngineProbe | undefined;
}

type SetUpDevice = Exclude<XlaDevice, 'cpu'>;

const deviceOf = ({ rocm, tpu }: XlaSetupOptions): SetUpDevice => {
  if (rocm && tpu)
    throw new InputError(
      say`${mention('rocm')} and ${mention('tpu')} exclude each other; set up one device at a time`,
    );
  return rocm ? 'rocm' : tpu ? 'tpu' : 'cuda';
};

/**
 * Downloads the PJRT plugin of a device and the vendor's libraries from the Python package index and checks their
 * hashes. Wheels are zip files, so Python is not needed. If the device's driver is loaded, the engine is tried, and
 * nothing is kept if that fails. {@link removeXla} undoes the setup.
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
      say`XLA's plugins support Linux, not ${process.platform}; use ${mention('engine', 'onnx')}`,
    );
  }
  const { folder = xlaFolder(), onProgress, signal, probe = probeEngine } = options;
  const device = deviceOf(options);
  const { packages, plugin, dataFolder } = devicePackages[device];
  // A separate folder until the trial succeeds, so that an earlier installation stays as it is.
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
      throw new InputError(`${wheels[0]!.file}: ${plugin} is missing from the wheel`);
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
  const known = sizes.includes(undefined) ? `${megabytes(total)} and more of unknown size` : megabytes(total);
  return `${wheels.length} ${wheels.length === 1 ? 'wheel' : 'wheels'} from ${new URL(wheels[0]!.url).host}, ${known}`;
}

/**
 * Removes the installations of all devices.
 *
 * @returns whether there was anything to remove
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
