import { free } from './free.js';

/** The memory of a page, compressed and not. */
export class PageMemory {
  private compressed = new Uint8Array(0);
  private page: Uint8Array | undefined;
  private dictionary: Uint8Array | undefined;

  /** The compressed bytes. */
  get bytes(): Uint8Array {
    return this.compressed;
  }

  /** Moves some of the bytes to the beginning of memory that has room for `length`. */
  moveToStart(from: number, to: number, length: number): Uint8Array {
    const { compressed } = this;
    if (length > compressed.length) this.compressed = new Uint8Array(length + (length >> 2));
    this.compressed.set(compressed.subarray(from, to));
    if (compressed !== this.compressed) discard(compressed);
    return this.compressed;
  }

  /** Holds a decompressed page until the next one. */
  hold(page: Uint8Array): Uint8Array {
    this.page = page;
    return page;
  }

  /** Holds the decompressed page as a dictionary, until the next one. */
  holdDictionary(): void {
    if (this.dictionary) discard(this.dictionary);
    this.dictionary = this.page;
    this.page = undefined;
  }

  /** Frees the decompressed page. */
  freePage(): void {
    if (this.page) discard(this.page);
    this.page = undefined;
  }

  /** Frees all of it. */
  free(): void {
    this.freePage();
    this.holdDictionary();
    discard(this.compressed);
    this.compressed = new Uint8Array(0);
  }
}

/** Smaller bytes may share their memory with others. */
const DISCARDED_BYTES = 1 << 18;

/** Frees the memory of large bytes. */
function discard({ buffer, length }: Uint8Array): void {
  if (length >= DISCARDED_BYTES && buffer instanceof ArrayBuffer) free(buffer);
}
