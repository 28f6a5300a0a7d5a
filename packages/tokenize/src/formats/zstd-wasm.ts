import { type WasmMemory, type WasmModule, WebAssembly } from '@mlm/base/webassembly';
import { ZSTDDecoder } from 'zstddec/stream';

/** Exports of the WebAssembly build of the zstd library; addresses and sizes have 32 bits. */
interface Library {
  memory: WasmMemory;
  malloc(bytes: number): number;
  free(address: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): number;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
  ZSTD_decompress(to: number, capacity: number, from: number, bytes: number): number;
}

let loaded: { module: WasmModule; library: Library } | undefined;

/** The package's own methods ignore the library's error codes and never end on damaged data. */
class LoadedLibrary extends ZSTDDecoder {
  override _init(source: { module: WasmModule; instance: { exports: unknown } }): void {
    super._init(source as unknown as Parameters<ZSTDDecoder['_init']>[0]);
    loaded = { module: source.module, library: source.instance.exports as Library };
  }
}

/** The library, one per thread, for versions of Node without zstd; it has most of native zstd's speed. */
export async function zstdLibrary(): Promise<ZstdLibrary> {
  await new LoadedLibrary().init();
  return new ZstdLibrary(loaded!.library);
}

/** The library with memory of its own, which no one else makes grow and so move. */
export async function ownZstdLibrary(): Promise<ZstdLibrary> {
  await new LoadedLibrary().init();
  const imports = { env: { emscripten_notify_memory_growth: () => {} } };
  return new ZstdLibrary(new WebAssembly.Instance(loaded!.module, imports).exports as Library);
}

/** Bytes that a stream emits at a time: a block. */
const OUTPUT_BYTES = 128 << 10;

/** Messages for the library's error codes that a user may meet. */
const ERRORS: Record<number, string> = {
  16: 'it needs too large a window',
  20: 'it is damaged',
  22: 'its content does not match its checksum',
  64: 'it is too large for memory',
  70: 'its content is not as long as it says',
  72: 'its content is not as long as it says',
};

class ZstdLibrary {
  /** Where the content of the last frames is. */
  private content = 0;

  constructor(private readonly library: Library) {}

  /**
   * Decompresses whole frames whose content has `size` bytes. The result is valid until the next call, in memory of its own.
   * @throws Error if they are damaged or hold more
   */
  decompress(bytes: Uint8Array, size: number): Uint8Array {
    this.library.free(this.content);
    this.content = 0;
    this.content = this.allocate(size + 1);
    const from = this.copyIn(bytes);
    try {
      const length = checked(this.library.ZSTD_decompress(this.content, size, from, bytes.length));
      return this.view(this.content, length);
    } finally {
      this.library.free(from);
    }
  }

  /**
   * Decompresses one frame that arrives in pieces. Memory is bounded by the frame's window, of 128 MiB at most. What it
   * yields is valid until the next is asked for.
   * @throws Error if it is damaged or ends too early
   */
  async *stream(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { library } = this;
    const context = library.ZSTD_createDCtx();
    // Two structs of an address, a size and a position, and room for the output.
    const input = this.allocate(24 + OUTPUT_BYTES);
    const output = input + 12;
    const chunk = new Uint8Array(OUTPUT_BYTES);
    let isEnd = false;
    try {
      for await (const piece of pieces) {
        const from = this.copyIn(piece);
        this.write(input, from, piece.length);
        try {
          // If the output is full, the library may hold more.
          for (let isFull = true; isFull || this.positionOf(input) < piece.length; ) {
            this.write(output, input + 24, OUTPUT_BYTES);
            isEnd = checked(library.ZSTD_decompressStream(context, output, input)) === 0;
            const length = this.positionOf(output);
            isFull = length === OUTPUT_BYTES && !isEnd;
            if (length === 0) continue;
            // Not the library's memory itself, which another stream may make grow and so move.
            chunk.set(this.view(input + 24, length));
            yield chunk.subarray(0, length);
          }
        } finally {
          library.free(from);
        }
      }
      if (!isEnd) throw new Error('it ends too early');
    } finally {
      library.free(input);
      library.ZSTD_freeDCtx(context);
    }
  }

  private allocate(bytes: number): number {
    const address = this.library.malloc(bytes);
    if (address === 0) throw new Error(ERRORS[64]);
    return address;
  }

  private copyIn(bytes: Uint8Array): number {
    const address = this.allocate(bytes.length + 1);
    new Uint8Array(this.library.memory.buffer).set(bytes, address);
    return address;
  }

  private view(address: number, length: number): Uint8Array {
    return new Uint8Array(this.library.memory.buffer, address, length);
  }

  private write(structure: number, address: number, size: number): void {
    new Uint32Array(this.library.memory.buffer, structure, 3).set([address, size, 0]);
  }

  private positionOf(structure: number): number {
    return new Uint32Array(this.library.memory.buffer, structure, 3)[2]!;
  }
}

/** Checks a result of the library, whose error codes are the 120 highest 32-bit numbers. */
function checked(result: number): number {
  const code = -(result | 0);
  if (code <= 0 || code > 120) return result >>> 0;
  throw new Error(ERRORS[code] ?? `zstd's error ${code}`);
}
