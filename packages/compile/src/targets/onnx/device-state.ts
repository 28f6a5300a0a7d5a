import type { Tensor } from 'onnxruntime-common';
import type { TypedArray } from '../../graph/graph.js';
import type { State } from '../stateful.js';
import type { Variables } from '../target.js';
import { copyInto, emptyValue, initialValue, pick } from '../variables.js';

/** How tensors are copied between the host and the device that onnxruntime runs on. */
export interface DeviceCopies {
  upload(values: Float32Array | Int32Array, shape: readonly number[]): Promise<Tensor>;
  /** Copies a tensor's values into an array that belongs to the caller. */
  download(tensor: Tensor): Promise<TypedArray>;
  dispose(): Promise<void>;
}

/** Variables as tensors of onnxruntime that stay on the device. They are copied to the host only when they are read. */
export class DeviceState implements State {
  readonly #tensors = new Map<string, Tensor>();

  private constructor(
    private readonly specs: Variables,
    private readonly copies: DeviceCopies,
  ) {}

  static async create(specs: Variables, copies: DeviceCopies): Promise<DeviceState> {
    const created = new DeviceState(specs, copies);
    try {
      for (const [name, spec] of Object.entries(specs))
        created.replace(name, await copies.upload(initialValue(name, spec), spec.shape));
      return created;
    } catch (error) {
      await created.dispose().catch(() => {}); // The first error is the one to tell.
      throw error;
    }
  }

  current(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (!tensor)
      throw new TypeError(`there is no variable '${name}', or the executable has been disposed of`);
    return tensor;
  }

  /** Replaces a variable's value, for example by a run's result, and frees the old one. */
  replace(name: string, tensor: Tensor): void {
    this.#tensors.get(name)?.dispose();
    this.#tensors.set(name, tensor);
  }

  async read(names: readonly string[] = Object.keys(this.specs)): Promise<Record<string, TypedArray>> {
    const values: Record<string, TypedArray> = {};
    for (const name of names) values[name] = await this.copies.download(this.current(name));
    return values;
  }

  async write(values: Readonly<Record<string, TypedArray>>): Promise<void> {
    for (const [name, spec] of pick(new Map(Object.entries(this.specs)), Object.keys(values))) {
      const array = emptyValue(spec);
      copyInto(name, array, values[name]!);
      this.replace(name, await this.copies.upload(array, spec.shape));
    }
  }

  async dispose(): Promise<void> {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
    await this.copies.dispose();
  }
}
