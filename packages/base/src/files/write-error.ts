import { InputError, mention, say } from '../errors.js';

/**
 * Turns a write error that the user can fix (a full disk, missing permissions) into an InputError; returns any other
 * error unchanged.
 * @param resumable whether the command has a `resume` that continues from what was written
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { writeError } from '@mlm/base';
 *
 * await writeFile('out.bin', new Uint8Array(8)).catch((error: unknown) => {
 *   throw writeError(error, 'out.bin');
 * });
 * ```
 */
export function writeError(error: unknown, path: string, { resumable = false } = {}): unknown {
  if (error instanceof InputError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new InputError(
      resumable
        ? say`${path}: the disk is full; free some space and run again with ${mention('resume')}`
        : `${path}: the disk is full; free some space and run again`,
    );
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new InputError(
      `${path}: cannot be written (${code}); choose another output or change its permissions`,
    );
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new InputError(`${path}: its folder does not exist; create it first`);
  if (code === 'ELOOP')
    return new InputError(`${path}: a symbolic link leads back to itself; choose another output`);
  if (code === 'EIO')
    return new InputError(
      resumable
        ? say`${path}: the disk reports an error (EIO); check it, then run again with ${mention('resume')}`
        : `${path}: the disk reports an error (EIO); check it, then run again`,
    );
  return error;
}
