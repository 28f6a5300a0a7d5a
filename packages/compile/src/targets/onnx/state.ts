import { elementCount } from '@mlm/base/shape';
import type { Variable } from '@tensorflow/tfjs-core';
import type { Tensor } from 'onnxruntime-common';
import type { TypedArray } from '../../graph/graph.js';
import { HostMemory } from '../../host/memory.js';
import type { VariableSpec } from '../../trace/trace.js';
import type { State } from '../stateful.js';
import type { Variables } from '../target.js';
import { copyInto, emptyValue, fillInitial, pick } from '../variables.js';
import { ortTensor } from './runtime.js';

/** A variable's value, and the tensor for its next value. The two swap after a run. */
interface Slot {
  current: Tensor;
  next: Tensor | undefined;
  readonly spec: VariableSpec | Variable;
}

/** Variables as typed arrays that onnxruntime reads and writes in place. */
export class OnnxState implements State {
  /** Holds all float32 variables, so that our kernels can update them; undefined if they do not fit. */
  readonly memory: HostMemory | undefined;
  readonly #slots: Map<string, Slot>;

  /** @param limit the largest memory in bytes */
  constructor(variables: Variables, limit: number = HostMemory.LIMIT) {
    const entries = Object.entries(variables);
    const bytes = entries.reduce((sum, [, { shape }]) => sum + HostMemory.bytesOf(elementCount(shape)), 0);
    // Includes room for gradients and next values; untouched pages cost nothing.
    const withGradients = Math.ceil(bytes * 2) + 2 ** 16;
    this.memory = withGradients <= limit ? new HostMemory(withGradients) : undefined;
    this.#slots = new Map(
      entries.map(([name, spec]) => {
        const array = this.#allocate(spec);
        fillInitial(name, spec, array);
        return [name, { spec, current: ortTensor(array, spec.shape), next: undefined }];
      }),
    );
  }

  current(name: string): Tensor {
    return this.#slot(name).current;
  }

  next(name: string): Tensor {
    const slot = this.#slot(name);
    slot.next ??= ortTensor(this.#allocate(slot.spec), slot.spec.shape);
    return slot.next;
  }

  /** Makes a variable's next value its current one. */
  advance(name: string): void {
    const slot = this.#slot(name);
    [slot.current, slot.next] = [this.next(name), slot.current];
  }

  read(names: readonly string[] = [...this.#slots.keys()]): Record<string, TypedArray> {
    return Object.fromEntries(
      pick(this.#slots, names).map(([name, { current }]) => [name, (current.data as TypedArray).slice()]),
    );
  }

  write(values: Readonly<Record<string, TypedArray>>): void {
    for (const [name, { current }] of pick(this.#slots, Object.keys(values))) {
      copyInto(name, current.data as Float32Array | Int32Array, values[name]!);
    }
  }

  dispose(): void {
    this.#slots.clear();
  }

  #allocate(spec: VariableSpec | Variable): Float32Array | Int32Array {
    const length = elementCount(spec.shape);
    const fits = this.memory && spec.dtype !== 'int32' && HostMemory.bytesOf(length) <= this.memory.free;
    return fits ? this.memory.allocate(length) : emptyValue(spec);
  }

  #slot(name: string): Slot {
    const slot = this.#slots.get(name);
    if (!slot) throw new TypeError(`there is no variable '${name}', or the executable has been disposed of`);
    return slot;
  }
}
