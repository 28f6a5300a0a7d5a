import { constants, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { WebAssembly } from '@mlm/base/webassembly';
import { writeBuffers } from './write.js';

/** Positions, lengths and addresses of direct I/O are multiples of the disk's block, which is no larger than this. */
const BLOCK = 4096;
/** Bytes that are copied and handed to the disk at once; they fit into a processor's cache. */
const PIECE = 1 << 20;
/** Shorter messages go through the system's page cache. */
export const LEAST_DIRECT_BYTES = 2 * PIECE;
/** A disk that takes less than this is better written to by the system, beside the threads. */
const LEAST_BYTES_PER_MS = 400e3;
/** Bytes after which a disk's speed is judged. */
const JUDGED_BYTES = 32 * PIECE;

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
 * and the copy into them take as much time as everything else that is done with the rows, and they displace what other
 * programs keep there. What does not fill whole blocks, at both ends of a message, goes through the cache.
 */
export class DirectWriter {
  #isDirect = true;
  #bytes = 0;
  #milliseconds = 0;
  #piece: Uint8Array | undefined;

  /** Writes buffers one after another into a file. @throws the system's error */
  write(buffers: readonly Uint8Array[], { descriptor, position, direct }: FilePosition): void {
    const end = position + buffers.reduce((sum, { length }) => sum + length, 0);
    const from = Math.ceil(position / BLOCK) * BLOCK;
    const to = Math.floor(end / BLOCK) * BLOCK;
    if (direct === undefined || !this.#isDirect || to - from < LEAST_DIRECT_BYTES) {
      writeBuffers(descriptor, buffers, position);
      return;
    }
    const source = new BufferReader(buffers);
    writeBuffers(descriptor, [source.read(new Uint8Array(from - position))], position);
    const start = performance.now();
    for (let at = from; at < to; at += PIECE) {
      const piece = source.read(this.#room(Math.min(PIECE, to - at)));
      const written = this.#isDirect ? this.#writeDirectly(direct, piece, at) : 0;
      writeBuffers(descriptor, [piece.subarray(written)], at + written);
    }
    this.#judge(to - from, performance.now() - start);
    writeBuffers(descriptor, [source.read(new Uint8Array(end - to))], to);
  }

  /** @returns the bytes written; fewer than there are once the file system refuses direct I/O */
  #writeDirectly(direct: number, piece: Uint8Array, position: number): number {
    let written = 0;
    try {
      while (written < piece.length)
        written += writeSync(direct, piece, written, piece.length - written, position + written);
    } catch (error) {
      // Some file systems open a file for direct I/O and then refuse its writes, or ask for larger blocks.
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
      this.#isDirect = false;
    }
    return written;
  }

  #judge(bytes: number, milliseconds: number): void {
    this.#bytes += bytes;
    this.#milliseconds += milliseconds;
    if (this.#bytes >= JUDGED_BYTES && this.#bytes < LEAST_BYTES_PER_MS * this.#milliseconds)
      this.#isDirect = false;
  }

  /** The memory of a WebAssembly instance begins at a page's boundary; that of an array may begin anywhere. */
  #room(bytes: number): Uint8Array {
    this.#piece ??= new Uint8Array(new WebAssembly.Memory({ initial: PIECE >> 16 }).buffer);
    return this.#piece.subarray(0, bytes);
  }
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
