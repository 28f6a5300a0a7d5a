import { createHash } from 'node:crypto';
import { InputError, mention, say } from '@mlm/base/errors';
import { type Client, type Device, type OptionValue, Plugin } from '@mlm/pjrt';
import { findPlugin, type XlaDevice, type XlaPlugin } from './installation.js';

/** The devices of a process's executables, opened only once, since a GPU's memory has one owner. */
export interface Devices {
  readonly client: Client;
  /** The requested number of devices. */
  readonly list: readonly Device[];
  readonly plugin: XlaPlugin;
  /** A hash of what a compiled program depends on besides its text and flags. */
  readonly fingerprint: string;
}

const opened = new Map<string, Promise<Devices>>();

/**
 * Opens `count` devices of a kind, or returns the open ones.
 *
 * @param threads threads of a CPU; the first call in a process decides
 * @throws InputError if XLA is not set up for the device, or the machine has fewer devices
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
      say`${mention('devices', count)}: ${mention('device', device)} has only ${devices.list.length}`,
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
  // XLA:CPU reads the size of its thread pool from this variable.
  if (device === 'cpu' && threads !== undefined) process.env.NPROC = String(threads);
  const loaded = await Plugin.load(plugin.path);
  const client = await loaded.createClient(clientOptions(device, count)).catch((error: Error) => {
    throw new InputError(say`${mention('device', device)}: XLA found no such device: ${error.message}`);
  });
  if (client.platform !== device) {
    client.destroy();
    throw new InputError(
      say`${mention('device', device)}: ${plugin.path} is a plugin for ${client.platform}; use ${mention('device', client.platform)} or another plugin`,
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

/** On GPUs, memory is allocated as needed, which leaves room for other processes. */
const clientOptions = (device: XlaDevice, count: number): Record<string, OptionValue> =>
  device === 'cpu' ? { cpu_device_count: count } : device === 'tpu' ? {} : { preallocate: false };
