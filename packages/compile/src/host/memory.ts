import { packageBytes } from '@mlm/base/bytes';
import { type WasmMemory, type WasmModule, WebAssembly } from '@mlm/base/webassembly';

/** The exports of assembly/kernels.ts. Pointers are byte offsets in the memory, counts are multiples of 8. */
export interface Kernels {
  adamW(
    parameter: number,
    firstMoment: number,
    secondMoment: number,
    gradient: number,
    count: number,
    clip: number,
    stepSize: number,
    decay: number,
    secondMomentScale: number,
    firstMomentKeep: number,
    secondMomentKeep: number,
    epsilon: number,
  ): void;
  dropoutMask(output: number, count: number, key: number, threshold: number, scale: number): void;
}

const PAGE = 65536;
const MAX_PAGES = 65536;
/** Kernels work on whole groups of 8 elements, and cache lines are 64 bytes. */
const ALIGNMENT = 64;

/**
 * WebAssembly memory in which arrays live that onnxruntime reads and writes and our kernels change in place. Its size is
 * fixed: growing would detach the arrays. Pages that nothing touches cost no memory. Not shared between threads:
 * onnxruntime-node refuses arrays over shared memory.
 */
export class HostMemory {
  readonly kernels: Kernels;
  readonly #buffer: ArrayBuffer;
  #end = PAGE;

  constructor(bytes: number) {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) + 1 });
    this.#buffer = memory.buffer;
    this.kernels = instantiateKernels(memory);
  }

  /** The largest memory that can exist: WebAssembly addresses 4 GiB. */
  static readonly LIMIT = (MAX_PAGES - 1) * PAGE;

  /** The bytes that an array of this length takes. */
  static bytesOf(length: number): number {
    return Math.ceil((length * 4) / ALIGNMENT) * ALIGNMENT;
  }

  get free(): number {
    return this.#buffer.byteLength - this.#end;
  }

  /** Makes all of the memory free again. */
  reset(): void {
    this.#end = PAGE;
  }

  allocate(length: number): Float32Array<ArrayBuffer> {
    const array = new Float32Array(this.#buffer, this.#end, length);
    this.#end += HostMemory.bytesOf(length);
    return array;
  }
}

/** The count to pass to a kernel: the padding of an array belongs to nothing else. */
export const paddedCount = (length: number): number => Math.ceil(length / 8) * 8;

let compiled: WasmModule | undefined;

function instantiateKernels(memory: WasmMemory): Kernels {
  compiled ??= new WebAssembly.Module(packageBytes(new URL('../../wasm/kernels.wasm', import.meta.url)));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as Kernels;
}
