import { constants, write } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { WebAssembly } from '@mlm/base/webassembly';
import { lengthOf, writeBuffers } from './write.js';

/**
 * Positions, lengths and addresses of direct I/O are multiples of the disk's block, and no page of the cache may hold
 * what is written directly. Neither blocks nor pages of common systems are larger than this.
 */
const BLOCK = 65_536;
/** Bytes that are copied and handed to the disk at once: those of a unit of 4 MiB of text, and more. */
const PIECE = 10 << 20;
/** Shorter messages go through the system's page cache. */
export const LEAST_DIRECT_BYTES = 2 << 20;

/** A place in a file that is open for writing. */
export interface FilePosition {
  descriptor: number;
  position: number;
  /** The same file, opened by {@link openDirect}. */
  direct?: number | undefined;
}

/** Opens a file for direct I/O as well; `undefined` where the system or the file system has none. */
export async function openDirect(path: string): Promise<FileHandle | undefined> {
  if (constants.O_DIRECT === undefined) return undefined;
  return open(path, constants.O_WRONLY | constants.O_DIRECT).catch(() => undefined);
}

/**
 * Writes messages past the system's page cache, which the rows of a large dataset would only pass through: fresh pages
 * and the copy into them take as long as all else that is done with the rows, and they displace what other programs keep
 * there. The disk reads a copy, so that the thread makes further rows meanwhile. What does not fill whole blocks, at both
 * ends of a message, goes through the cache.
 */
export class DirectWriter {
  #isDirect = true;
  #piece: Uint8Array | undefined;
  #last: Promise<void> = Promise.resolve();

  /**
   * Writes buffers one after another into a file, once all messages before them are written.
   * @param onCopied called when the buffers may be reused, also if writing fails
   * @throws the system's error
   */
  write(buffers: readonly Uint8Array[], to: FilePosition, onCopied: () => void): Promise<void> {
    const isFree = this.#last.catch(() => {});
    this.#last = isFree.then(() => this.#write(buffers, to, once(onCopied)));
    return this.#last;
  }

  async #write(buffers: readonly Uint8Array[], file: FilePosition, onCopied: () => void): Promise<void> {
    const { descriptor, position, direct } = file;
    const end = position + lengthOf(buffers);
    const from = Math.ceil(position / BLOCK) * BLOCK;
    const to = Math.floor(end / BLOCK) * BLOCK;
    try {
      if (direct === undefined || !this.#isDirect || to - from < LEAST_DIRECT_BYTES) {
        writeBuffers(descriptor, buffers, position);
        return;
      }
      const source = new BufferReader(buffers);
      writeBuffers(descriptor, [source.read(new Uint8Array(from - position))], position);
      for (let at = from; at < to; at += PIECE) {
        const piece = source.read(this.#room(Math.min(PIECE, to - at)));
        if (at + piece.length === to) {
          writeBuffers(descriptor, [source.read(new Uint8Array(end - to))], to);
          onCopied();
        }
        const written = this.#isDirect ? await this.#writeDirectly(direct, piece, at) : 0;
        writeBuffers(descriptor, [piece.subarray(written)], at + written);
      }
    } finally {
      onCopied();
    }
  }

  /** @returns the bytes written; fewer than there are once the file system refuses direct I/O */
  async #writeDirectly(direct: number, piece: Uint8Array, position: number): Promise<number> {
    let written = 0;
    try {
      while (written < piece.length)
        written += await writeLater(direct, piece.subarray(written), position + written);
    } catch (error) {
      // Some file systems open a file for direct I/O and then refuse its writes, or ask for larger blocks.
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
      this.#isDirect = false;
    }
    return written;
  }

  /** A memory of WebAssembly begins at a page's boundary; that of an array may begin anywhere. */
  #room(bytes: number): Uint8Array {
    this.#piece ??= new Uint8Array(new WebAssembly.Memory({ initial: PIECE >> 16 }).buffer);
    return this.#piece.subarray(0, bytes);
  }
}

/** Writes in a thread of Node's pool. @returns the number of bytes written */
function writeLater(descriptor: number, bytes: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, 0, bytes.length, position, (error, written) =>
      error ? reject(error) : resolve(written),
    );
  });
}

function once(call: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) call();
    isDone = true;
  };
}

/** Reads the bytes of several buffers in order. */
class BufferReader {
  #buffer = 0;
  #offset = 0;

  constructor(private readonly buffers: readonly Uint8Array[]) {}

  /** Fills an array with the next bytes. */
  read(target: Uint8Array): Uint8Array {
    for (let filled = 0; filled < target.length; ) {
      const buffer = this.buffers[this.#buffer]!;
      const part = buffer.subarray(this.#offset, this.#offset + target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      if (this.#offset === buffer.length) {
        this.#buffer++;
        this.#offset = 0;
      }
    }
    return target;
  }
}
