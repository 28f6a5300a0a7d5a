import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../errors.js';

/**
 * Fills `bytes` from a file, starting at `position`. A single read may return fewer bytes than requested, especially on
 * a network file system.
 *
 * @param path names the file in messages
 * @returns the number of bytes read; fewer than `bytes.length` if the file ends first
 * @throws InputError when the disk fails
 *
 * @example
 * ```ts
 * import { open } from 'node:fs/promises';
 * import { readAt } from '@mlm/base';
 *
 * const file = await open('out.arrow');
 * const magic = new Uint8Array(6);
 * await readAt(file, 'out.arrow', magic, 0);
 * ```
 */
export async function readAt(
  file: FileHandle,
  path: string,
  bytes: Uint8Array,
  position: number,
): Promise<number> {
  try {
    let done = 0;
    for (let count = -1; done < bytes.length && count !== 0; done += count)
      count = (await file.read(bytes, done, bytes.length - done, position + done)).bytesRead;
    return done;
  } catch (error) {
    throw readError(error, path);
  }
}

/**
 * Turns a read error that the user can fix into an InputError; returns any other error unchanged.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { readError } from '@mlm/base';
 *
 * const text = await readFile('vocab.txt', 'utf8').catch((error: unknown) => {
 *   throw readError(error, 'vocab.txt');
 * });
 * ```
 */
export function readError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && path.includes('\ufffd'))
    return new InputError(`${path}: no such file; if its name is not UTF-8, rename it`);
  if (code === 'ENOENT' || code === 'ENOTDIR') return new InputError(`${path}: no such file or folder`);
  if (code === 'EACCES' || code === 'EPERM')
    return new InputError(`${path}: cannot be read (${code}); change its permissions or leave it out`);
  if (code === 'ELOOP') return new InputError(`${path}: is a link that leads back to itself; remove it`);
  if (code === 'ENAMETOOLONG') return new InputError(`${path}: the name is too long for this file system`);
  if (code === 'EIO')
    return new InputError(`${path}: cannot be read (EIO: the disk or its connection failed); run again`);
  if (code === 'EISDIR') return new InputError(`${path}: is a folder, expected a file`);
  return error;
}
