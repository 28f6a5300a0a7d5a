import { createHash } from 'node:crypto';
import { InputError, mention, say } from '@mlm/base/errors';
import { type Client, type Device, type OptionValue, Plugin } from '@mlm/pjrt';
import { findPlugin, type XlaDevice, type XlaPlugin } from './installation.js';

/** The devices that executables of a process run on: opened once, as a GPU's memory has one owner. */
export interface Devices {
  readonly client: Client;
  /** As many as were asked for. */
  readonly list: readonly Device[];
  readonly plugin: XlaPlugin;
  /** What a compiled program depends on beside its text and flags. */
  readonly fingerprint: string;
}

const opened = new Map<string, Promise<Devices>>();

/**
 * Opens `count` devices of a kind, or gives those that are open.
 *
 * @param threads - of a CPU; the first caller of a process decides
 * @throws InputError if XLA is not set up for the device, or there are fewer of them
 */
export async function openDevices(device: XlaDevice, count: number, threads?: number): Promise<Devices> {
  const plugin = await findPlugin(device);
  const key = `${plugin.path} ${device === 'cpu' ? `${count} ${threads}` : ''}`;
  const client = opened.get(key) ?? open(plugin, device, count, threads);
  opened.set(key, client);
  client.catch(() => opened.delete(key));
  const devices = await client;
  if (devices.list.length < count) {
    throw new InputError(
      say`${mention('devices', count)}: there are ${devices.list.length} of ${mention('device', device)}`,
    );
  }
  return { ...devices, list: devices.list.slice(0, count) };
}

async function open(
  plugin: XlaPlugin,
  device: XlaDevice,
  count: number,
  threads: number | undefined,
): Promise<Devices> {
  // XLA:CPU sizes its pool of threads by this variable.
  if (device === 'cpu' && threads !== undefined) process.env.NPROC = String(threads);
  const loaded = await Plugin.load(plugin.path);
  const client = await loaded.createClient(clientOptions(device, count)).catch((error: Error) => {
    throw new InputError(say`${mention('device', device)}: XLA finds none: ${error.message}`);
  });
  if (client.platform !== device) {
    client.destroy();
    throw new InputError(
      say`${mention('device', device)}: ${plugin.path} is a plugin for ${client.platform}`,
    );
  }
  const kinds = client.devices.map(({ kind }) => kind);
  const identity = JSON.stringify([
    loaded.apiVersion,
    client.platformVersion,
    plugin.version,
    kinds,
    threads,
  ]);
  return {
    client,
    list: client.devices,
    plugin,
    fingerprint: createHash('sha256').update(identity).digest('hex'),
  };
}

/** GPUs: memory is taken as it is needed, so that other processes have room beside a small model. */
const clientOptions = (device: XlaDevice, count: number): Record<string, OptionValue> =>
  device === 'cpu' ? { cpu_device_count: count } : device === 'tpu' ? {} : { preallocate: false };
