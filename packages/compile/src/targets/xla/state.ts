import type { DeviceBuffer } from '@mlm/pjrt';
import type { TypedArray } from '../../graph/graph.js';
import type { State } from '../stateful.js';
import type { Variables } from '../target.js';
import { checkFits, firstValue, pick } from '../variables.js';
import type { Devices } from './devices.js';

/** Variables on the devices, each of which has a copy of all. */
export class XlaState implements State {
  readonly #buffers = new Map<string, DeviceBuffer[]>();

  constructor(
    readonly devices: Devices,
    private readonly specs: Variables,
  ) {
    for (const [name, spec] of Object.entries(specs)) {
      this.#buffers.set(name, this.#upload(name, firstValue(name, spec)));
    }
  }

  /** A variable's buffer on each device. */
  buffers(name: string): readonly DeviceBuffer[] {
    return this.#buffers.get(name)!;
  }

  /** Replaces a variable's buffers, which a program has reused, by the program's results. */
  replace(name: string, buffers: DeviceBuffer[]): void {
    for (const old of this.#buffers.get(name)!) old.destroy();
    this.#buffers.set(name, buffers);
  }

  async read(names: readonly string[] = [...this.#buffers.keys()]): Promise<Record<string, TypedArray>> {
    const values: Record<string, TypedArray> = {};
    for (const [name, [first]] of pick(this.#buffers, names)) {
      values[name] = (await first!.download()) as TypedArray;
    }
    return values;
  }

  write(values: Readonly<Record<string, TypedArray>>): void {
    pick(this.#buffers, Object.keys(values));
    for (const [name, given] of Object.entries(values)) {
      this.replace(name, this.#upload(name, checkFits(name, this.specs[name]!, given)));
    }
  }

  dispose(): void {
    for (const buffer of [...this.#buffers.values()].flat()) buffer.destroy();
    this.#buffers.clear();
  }

  #upload(name: string, data: Float32Array | Int32Array): DeviceBuffer[] {
    const { client, list } = this.devices;
    const shape = this.specs[name]!.shape;
    return list.map((device) => client.upload(data, shape, { device }));
  }
}
