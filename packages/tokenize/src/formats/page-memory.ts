import { packageBytes } from '@mlm/base/bytes';
import { type WasmMemory, type WasmModule, WebAssembly } from '@mlm/base/webassembly';
import { free } from './free.js';
import type { Decompressor } from './zstd.js';

/** Exports of assembly/snappy/decoder.ts; addresses and sizes have 32 bits. */
interface SnappyDecoder {
  memory: WasmMemory;
  /** The first address that it does not use itself. */
  BASE: { value: number };
  decompress(from: number, size: number, to: number, length: number): number;
}

let compiled: WasmModule | undefined;

/** Bytes behind a page that the decoder may write to, and of a page of WebAssembly's memory. */
const SLACK = 16;
const WASM_PAGE = 64 << 10;

/** Memory that bytes are read into. */
export interface ReadMemory {
  /** The bytes that it holds. */
  readonly bytes: Uint8Array;
  /** Moves some of the bytes to the beginning, and makes room for `length` bytes. Others become invalid. */
  moveToStart(from: number, to: number, length: number): Uint8Array;
}

/** Memory for headers. */
export class HeaderMemory implements ReadMemory {
  bytes = new Uint8Array(0);

  moveToStart(from: number, to: number, length: number): Uint8Array {
    const { bytes } = this;
    if (length > bytes.length) this.bytes = new Uint8Array(length);
    this.bytes.set(bytes.subarray(from, to));
    return this.bytes;
  }
}

/** Memories that no reader uses: what they have grown to, later files use again. */
const idle: PageMemory[] = [];

/**
 * The memory of a reader's pages, which is WebAssembly's, so that Snappy decompresses what has been read from disk without
 * a copy. It grows to the largest page and is used again: each page in new memory would cost its page faults, and leave
 * gaps behind.
 */
export class PageMemory implements ReadMemory {
  /** By the name of a codec: decompressors that have memory of their own, or use this one. */
  readonly decompressors = new Map<string, Promise<Decompressor | undefined>>();
  private readonly decoder: SnappyDecoder;
  /** How many compressed bytes it holds. */
  private length = 0;
  private page: Uint8Array | undefined;
  private dictionary: Uint8Array | undefined;

  private constructor() {
    compiled ??= new WebAssembly.Module(packageBytes(new URL('../../wasm/snappy.wasm', import.meta.url)));
    this.decoder = new WebAssembly.Instance(compiled).exports as SnappyDecoder;
    this.growTo(this.decoder.BASE.value);
  }

  /** Memory to use until it is given back. */
  static borrow(): PageMemory {
    return idle.pop() ?? new PageMemory();
  }

  giveBack(): void {
    this.freePages();
    this.length = 0;
    idle.push(this);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.decoder.memory.buffer, this.decoder.BASE.value, this.length);
  }

  moveToStart(from: number, to: number, length: number): Uint8Array {
    this.bytes.copyWithin(0, from, to);
    this.growTo(this.decoder.BASE.value + length);
    this.length = length;
    return this.bytes;
  }

  /**
   * Decompresses Snappy's data, mostly some of {@link bytes}, to a page that is valid until the next one.
   * @throws Error if it is damaged, or has not `size` bytes
   */
  decompress(data: Uint8Array, size: number): Uint8Array {
    const { decoder } = this;
    const isHere = data.buffer === decoder.memory.buffer;
    const start = decoder.BASE.value + this.length;
    const [from, length] = [isHere ? data.byteOffset : start, data.length];
    const to = isHere ? start : start + length;
    this.growTo(to + size + SLACK);
    if (!isHere) new Uint8Array(decoder.memory.buffer).set(data, from);
    if (!decoder.decompress(from, length, to, size)) throw new Error('a page is no whole Snappy data');
    return new Uint8Array(decoder.memory.buffer, to, size);
  }

  /**
   * Holds a page until the next one.
   * @param isShared - whether it is in memory that the next page is written to
   * @param outlivesNext - whether it is needed for longer, and then copied if its memory is shared
   */
  hold(page: Uint8Array, isShared: boolean, outlivesNext: boolean): Uint8Array {
    if (isShared && !outlivesNext) return page;
    this.page = isShared ? page.slice() : page;
    return this.page;
  }

  /** Holds the page as a dictionary, until the next one. */
  holdDictionary(): void {
    if (this.dictionary) discard(this.dictionary);
    this.dictionary = this.page;
    this.page = undefined;
  }

  /** Frees the page. */
  freePage(): void {
    if (this.page) discard(this.page);
    this.page = undefined;
  }

  /** Frees the page and the dictionary, if they have memory of their own. */
  freePages(): void {
    this.freePage();
    this.holdDictionary();
  }

  private growTo(size: number): void {
    const { memory } = this.decoder;
    const missing = size - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / WASM_PAGE));
  }
}

/** Smaller bytes may share their memory with others. */
const DISCARDED_BYTES = 1 << 18;

/** Frees the memory of large bytes. */
function discard({ buffer, length }: Uint8Array): void {
  if (length >= DISCARDED_BYTES && buffer instanceof ArrayBuffer) free(buffer);
}
