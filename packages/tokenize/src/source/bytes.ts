import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readError } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import type { FileState, InputFile } from '../formats/format.js';
import { UNIT_BYTES } from './unit.js';
import { giveBackRoom, unitMemory } from './unit-memory.js';

/** Bytes that can be inspected before they are taken. */
export interface ByteSource {
  /** The bytes from `from` to `to`, valid until the next call; fewer only where the source ends. */
  read(from: number, to: number): Promise<Uint8Array>;
  /** `to`, or where the source ends if that is before. */
  end(to: number): Promise<number>;
  /** A copy of a range for a work unit; `undefined` if workers can read the file themselves. */
  take(from: number, to: number): Uint8Array | undefined;
  close(): void;
}

/** A file of plain text: any range can be read at any time. */
export function fileBytes(file: InputFile): ByteSource {
  const descriptor = openFile(file);
  let room = Buffer.alloc(0);
  return {
    async read(from, to) {
      const length = Math.max(0, Math.min(to, file.size) - from);
      if (room.length < length) room = Buffer.allocUnsafeSlow(length);
      const bytes = room.subarray(0, length);
      readFully(descriptor, file, bytes, from);
      return bytes;
    },
    end: async (to) => Math.min(to, file.size),
    take: () => undefined,
    close: () => closeSync(descriptor),
  };
}

/** Bytes that arrive in chunks; what has been taken is forgotten. */
export function streamBytes(chunks: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]();
  const window = new SlidingWindow();
  /** What is left of the last chunk. */
  let chunk: Uint8Array = Buffer.alloc(0);
  let ended = false;
  const fill = async (to: number) => {
    while (!ended && window.end < to) {
      if (chunk.length === 0) {
        const next = await iterator.next();
        if (next.done) ended = true;
        else chunk = next.value;
      }
      // No more than asked for: the next unit gets memory of its own.
      const bytes = chunk.subarray(0, to - window.end);
      window.append(bytes);
      chunk = chunk.subarray(bytes.length);
    }
  };
  return {
    async read(from, to) {
      await fill(to);
      return window.slice(from, Math.max(from, Math.min(to, window.end)));
    },
    async end(to) {
      await fill(to);
      return Math.min(to, window.end);
    },
    take: (from, to) => window.take(from, to),
    close() {
      window.close();
      void iterator.return?.();
    },
  };
}

/**
 * Bytes that arrive in chunks and pass by: only to find cuts, since reads must go forward, and `take` returns none. What
 * is before a read is not even copied.
 */
export function passedBytes(chunks: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]();
  /** The bytes before `at`, from the beginning of the last read on. */
  let window = Buffer.alloc(0);
  let at = 0;
  /** What is left of the last chunk. */
  let chunk: Uint8Array = Buffer.alloc(0);
  let ended = false;
  const fill = async (from: number, to: number) => {
    window = window.subarray(Math.max(0, Math.min(window.length, from - (at - window.length))));
    while (!ended && at < to) {
      if (chunk.length === 0) {
        const next = await iterator.next();
        if (next.done) ended = true;
        else chunk = next.value;
      }
      const end = Math.min(chunk.length, to - at);
      const start = Math.min(end, Math.max(0, from - at));
      if (end > start) window = Buffer.concat([window, chunk.subarray(start, end)]);
      chunk = chunk.subarray(end);
      at += end;
    }
  };
  return {
    async read(from, to) {
      await fill(from, to);
      return window.subarray(0, Math.max(0, to - (at - window.length)));
    },
    async end(to) {
      await fill(to, to);
      return Math.min(to, at);
    },
    take: () => undefined,
    close: () => void iterator.return?.(),
  };
}

/** Units with fewer bytes are copied instead of given the window's memory. */
const SMALL_BYTES = UNIT_BYTES / 4;

/** A moving range of a stream in a unit's memory; from there, units take their bytes without a copy. */
class SlidingWindow {
  private buffer = unitMemory();
  /** Where in the stream the buffer begins. */
  private base = 0;
  /** Where the bytes that are still wanted begin in the buffer. */
  private from = 0;
  private to = 0;

  /** Where in the stream the last byte ends. */
  get end(): number {
    return this.base + this.to;
  }

  append(bytes: Uint8Array): void {
    if (this.to + bytes.length > this.buffer.length) this.makeRoom(bytes.length);
    this.buffer.set(bytes, this.to);
    this.to += bytes.length;
  }

  slice(from: number, to: number): Buffer {
    return this.buffer.subarray(from - this.base, to - this.base);
  }

  /** Hands out a range and drops what is before its end. */
  take(from: number, to: number): Uint8Array {
    const bytes = this.slice(from, to);
    this.from = to - this.base;
    if (bytes.length < SMALL_BYTES) return Uint8Array.from(bytes);
    this.moveTo(unitMemory(this.to - this.from));
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  close(): void {
    giveBackRoom(this.buffer);
  }

  private makeRoom(more: number): void {
    const needed = this.to - this.from + more;
    const { buffer } = this;
    this.moveTo(needed > buffer.length ? unitMemory(2 * needed) : buffer);
    if (buffer !== this.buffer) giveBackRoom(buffer);
  }

  /** Moves the bytes that are still wanted to the beginning of a buffer. */
  private moveTo(buffer: Buffer): void {
    buffer.set(this.buffer.subarray(this.from, this.to));
    this.buffer = buffer;
    this.base += this.from;
    this.to -= this.from;
    this.from = 0;
  }
}

/**
 * Opens a listed file for reading.
 * @throws InputError when it cannot be read, or has changed since it was listed
 */
export function openFile(file: FileState): number {
  const descriptor = open(file.path);
  try {
    refuseChanged(descriptor, file);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Opens a listed file, fills `bytes` from `position` on and closes it.
 * @throws InputError if it cannot be read, ends first, or has changed since it was listed
 */
export function readOnce(file: FileState, bytes: Uint8Array, position: number): void {
  const descriptor = open(file.path);
  try {
    readFully(descriptor, file, bytes, position);
  } finally {
    closeSync(descriptor);
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw readError(error, path);
  }
}

/** @throws InputError if an open file is not, or no longer, the one that was listed */
export function refuseChanged(descriptor: number, { path, size, modified, changed, inode }: FileState): void {
  const now = fstatSync(descriptor);
  // Some file systems renumber files now and then, and a change of permissions or names does not change the content;
  // both together mean another file.
  const isReplaced =
    inode !== undefined && now.ino !== inode && changed !== undefined && now.ctimeMs !== changed;
  if (now.size !== size || now.mtimeMs !== modified || isReplaced)
    throw new InputError(`${path}: changed while it was being read; run again once nothing writes to it`);
}

/**
 * Fills `bytes` from the file, starting at `position`.
 * @throws InputError if the file ends first, or has changed since it was listed
 */
export function readFully(descriptor: number, file: FileState, bytes: Uint8Array, position: number): void {
  try {
    let done = 0;
    let count = -1;
    while (done < bytes.length && count !== 0) {
      count = readSync(descriptor, bytes, done, bytes.length - done, position + done);
      done += count;
    }
    // Checked after the read: what is written to the file later is not in these bytes.
    refuseChanged(descriptor, file);
    if (done < bytes.length)
      throw new InputError(`${file.path}: ends before byte ${position + bytes.length}`);
  } catch (error) {
    throw readError(error, file.path);
  }
}
