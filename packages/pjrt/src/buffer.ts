import { elementCount } from '@mlm/base/shape';
import { type ElementType, elementTypes, type HostArray } from './element-type.js';
import type { Handles } from './handles.js';
import type { Native } from './native.js';

/** An array on a device. */
export class DeviceBuffer<T extends ElementType = ElementType> {
  #destroyed = false;

  /** @internal */
  constructor(
    private readonly native: Native,
    private readonly address: bigint,
    readonly shape: readonly number[],
    readonly type: T,
    private readonly handles: Handles,
  ) {}

  /** Number of elements. */
  get length(): number {
    return elementCount(this.shape);
  }

  /** @internal */
  get pointer(): bigint {
    if (this.#destroyed) throw new Error('the buffer has been destroyed');
    return this.address;
  }

  /**
   * Copies the elements to the host.
   *
   * @param into an array of as many elements. Default: a new one
   * @returns the array, with the elements in row-major order
   * @throws PjrtError if the computation of the buffer failed or the buffer was donated; RangeError if `into` has
   *   another length
   */
  async download(into?: HostArray<T>): Promise<HostArray<T>> {
    const target = into ?? (new elementTypes[this.type].array(this.length) as HostArray<T>);
    if (target.length !== this.length) {
      throw new RangeError(`a buffer of ${this.length} elements does not fit an array of ${target.length}`);
    }
    if (target.length === 0) return target;
    const { event } = this.native.call('Buffer_ToHostBuffer', {
      buffer: this.pointer,
      target,
      targetSize: target.byteLength,
    });
    await this.native.finish(event);
    return target;
  }

  /** Frees the memory or, of a donated buffer, the handle. Further calls do nothing. */
  destroy(): void {
    if (this.#destroyed) return;
    this.native.call('Buffer_Destroy', { buffer: this.address });
    this.#destroyed = true;
    this.handles.forget(this);
  }
}
