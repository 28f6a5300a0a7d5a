import { packageBytes } from '@mlm/base/bytes';
import { InputError, mention, say } from '@mlm/base/errors';
import { type WasmMemory, type WasmModule, WebAssembly } from '@mlm/base/webassembly';

/** The exports of assembly/kernels.ts. Pointers are byte offsets into the memory; counts are multiples of 8. */
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
/** Kernels process groups of 8 elements, and a cache line has 64 bytes. */
const ALIGNMENT = 64;

/**
 * A WebAssembly memory for arrays that onnxruntime reads and writes and our kernels update in place. Its size is fixed,
 * because growing would detach the arrays; untouched pages cost nothing. It is not shared between threads, because
 * onnxruntime-node refuses arrays over shared memory.
 */
export class HostMemory {
  readonly kernels: Kernels;
  readonly #buffer: ArrayBuffer;
  #end = PAGE;

  /** @throws InputError for more than {@link LIMIT} bytes */
  constructor(bytes: number) {
    if (bytes > HostMemory.LIMIT)
      throw new InputError(
        say`a micro-batch needs ${(bytes / 2 ** 30).toFixed(1)} GiB for its dropout masks, more than the 4 GiB that WebAssembly addresses; use a smaller ${mention('microBatchSize')}`,
      );
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) + 1 });
    this.#buffer = memory.buffer;
    this.kernels = instantiateKernels(memory);
  }

  /** The largest possible memory in bytes: WebAssembly addresses 4 GiB. */
  static readonly LIMIT = (MAX_PAGES - 1) * PAGE;

  /** The bytes that an array of this length occupies. */
  static bytesOf(length: number): number {
    return Math.ceil((length * 4) / ALIGNMENT) * ALIGNMENT;
  }

  get free(): number {
    return this.#buffer.byteLength - this.#end;
  }

  /** Frees all arrays. */
  reset(): void {
    this.#end = PAGE;
  }

  allocate(length: number): Float32Array<ArrayBuffer> {
    const array = new Float32Array(this.#buffer, this.#end, length);
    this.#end += HostMemory.bytesOf(length);
    return array;
  }
}

/** The count to pass to a kernel, which may write into an array's padding. */
export const paddedCount = (length: number): number => Math.ceil(length / 8) * 8;

let compiled: WasmModule | undefined;

function instantiateKernels(memory: WasmMemory): Kernels {
  compiled ??= new WebAssembly.Module(packageBytes(new URL('../../wasm/kernels.wasm', import.meta.url)));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as Kernels;
}
