import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError } from '../errors.js';
import { exists } from './move.js';

/**
 * Creates a folder and its missing parents. `mkdir` with `recursive` never returns on Linux if a file system (/proc)
 * denies that an existing folder exists.
 * @throws InputError when the file system refuses
 *
 * @example
 * ```ts
 * import { makeFolders } from '@mlm/base';
 *
 * await makeFolders('runs/2026/first');
 * ```
 */
export async function makeFolders(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(folder); !(await exists(at)); at = dirname(at)) missing.unshift(at);
  for (const path of missing) {
    await mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return;
      throw new InputError(`${folder}: cannot be created (${error.code}); choose another place`);
    });
  }
}
