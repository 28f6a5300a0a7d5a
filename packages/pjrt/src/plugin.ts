import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { Client } from './client.js';
import { Native } from './native.js';
import type { OptionValue } from './options.js';
import { Topology } from './topology.js';

const plugins = new Map<string, Promise<Plugin>>();

/**
 * A PJRT plugin: a shared library that runs programs on one kind of device.
 *
 * @example
 * ```ts
 * import { Plugin } from '@mlm/pjrt';
 *
 * const plugin = await Plugin.load('/opt/pjrt/xla_cuda_plugin.so');
 * const client = await plugin.createClient();
 * console.log(client.devices.map(({ kind }) => kind));
 * client.destroy();
 * ```
 */
export class Plugin {
  private constructor(private readonly native: Native) {}

  /**
   * Loads a plugin. A process loads each file only once.
   *
   * @param path path of the `.so`, such as `xla_cuda_plugin.so` of the wheel jax-cuda13-pjrt
   * @throws InputError if the file does not exist or is not a PJRT plugin
   */
  static load(path: string): Promise<Plugin> {
    const file = resolve(path);
    const known = plugins.get(file);
    if (known) return known;
    const loading = Plugin.#load(file);
    plugins.set(file, loading);
    loading.catch(() => plugins.delete(file));
    return loading;
  }

  static async #load(file: string): Promise<Plugin> {
    if (!existsSync(file))
      throw new InputError(`${file}: no such file; expected a PJRT plugin, a shared library`);
    const native = await Native.load(file).catch((error: Error) => {
      throw new InputError(`${file} cannot be loaded as a PJRT plugin: ${error.message}`);
    });
    native.call('Plugin_Initialize');
    return new Plugin(native);
  }

  /** Version of the PJRT C API that the plugin was built with, such as `0.81`. */
  get apiVersion(): string {
    return this.native.version;
  }

  /**
   * Opens the devices.
   *
   * @param options options of the plugin: `{ cpu_device_count: 2 }` makes two devices of a CPU
   * @throws PjrtError if there are no devices or they are in use
   */
  createClient(options: Readonly<Record<string, OptionValue>> = {}): Promise<Client> {
    return Client.create(this.native, options);
  }

  /**
   * Describes a machine to compile for, without needing its devices.
   *
   * @param name defined by the plugin; may be empty
   * @param options options of the plugin: on CUDA `target_config`, a GpuTargetConfigProto as text, and `topology`,
   *   `1x1x1`
   */
  describeMachine(name: string, options: Readonly<Record<string, OptionValue>>): Topology {
    return Topology.create(this.native, name, options);
  }
}
