import { closeSync, openSync, readSync } from 'node:fs';
import { InputError } from '@mlm/base/errors';
import type { InputFile } from '../formats/format.js';

/** Bytes that can be looked at before they are taken. */
export interface ByteSource {
  /** The bytes from `from` to `to`; fewer only where the source ends. */
  read(from: number, to: number): Promise<Uint8Array>;
  /** `to`, or where the source ends if that is before. */
  end(to: number): Promise<number>;
  /** A copy of a range for a work unit, or `undefined` when whoever works on it can read the file himself. */
  take(from: number, to: number): Uint8Array | undefined;
  close(): void;
}

/** A file of plain text: any range can be read at any time. */
export function fileBytes(file: InputFile): ByteSource {
  const descriptor = openFile(file.path);
  return {
    async read(from, to) {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(to, file.size) - from));
      readFully(descriptor, file.path, bytes, from);
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
  let buffered: Buffer = Buffer.alloc(0);
  let base = 0;
  let ended = false;
  const fill = async (to: number) => {
    const pending: Uint8Array[] = [buffered];
    let length = buffered.length;
    while (!ended && base + length < to) {
      const next = await iterator.next();
      if (next.done) ended = true;
      else {
        pending.push(Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength));
        length += next.value.length;
      }
    }
    if (pending.length > 1) buffered = Buffer.concat(pending, length);
  };
  return {
    async read(from, to) {
      await fill(to);
      return buffered.subarray(from - base, Math.max(from, to) - base);
    },
    async end(to) {
      await fill(to);
      return Math.min(to, base + buffered.length);
    },
    take(from, to) {
      const bytes = Uint8Array.from(buffered.subarray(from - base, to - base));
      buffered = buffered.subarray(to - base);
      base = to;
      return bytes;
    },
    close: () => void iterator.return?.(),
  };
}

/** Opens a file to read ranges of it. */
export function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw readError(error, path);
  }
}

/**
 * Fills `bytes` with what stands in the file from `position` on.
 * @throws InputError when the file ends before
 */
export function readFully(descriptor: number, path: string, bytes: Uint8Array, position: number): void {
  let done = 0;
  try {
    while (done < bytes.length) {
      const count = readSync(descriptor, bytes, done, bytes.length - done, position + done);
      if (count === 0) throw new InputError(`${path}: became shorter while it was read; run again`);
      done += count;
    }
  } catch (error) {
    throw readError(error, path);
  }
}

/** A clear line for what a user can put right while reading. */
export function readError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new InputError(`${path}: no such file or folder`);
  if (code === 'EACCES' || code === 'EPERM')
    return new InputError(`${path}: cannot be read (${code}); change its rights or leave it out`);
  if (code === 'EISDIR') return new InputError(`${path}: is a folder, expected a file`);
  return error;
}
