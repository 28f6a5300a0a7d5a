import { open, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/**
 * Flushes a file's contents to disk, so that they survive a crash of the machine.
 *
 * @example
 * ```ts
 * import { syncFile } from '@mlm/base';
 *
 * await syncFile('out.arrow');
 * ```
 */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync().catch((error: NodeJS.ErrnoException) => {
      // Errors of a file handle do not name the file.
      error.path ??= path;
      throw error;
    });
  } finally {
    await file.close();
  }
}

/**
 * Flushes a folder's entries to disk: whatever was created, renamed or removed in it.
 *
 * @example
 * ```ts
 * import { syncFolder } from '@mlm/base';
 *
 * await syncFolder('runs');
 * ```
 */
export async function syncFolder(folder: string): Promise<void> {
  // Some network file systems refuse to sync a folder; they keep its entries in order themselves.
  await syncFile(folder).catch((error: NodeJS.ErrnoException) => {
    if (!['EINVAL', 'EACCES', 'EPERM', 'EISDIR', 'ENOTSUP'].includes(error.code ?? '')) throw error;
  });
}

/**
 * Flushes the name of a file or folder to disk.
 *
 * @example
 * ```ts
 * import { syncName } from '@mlm/base';
 *
 * await syncName('out.arrow');
 * ```
 */
export function syncName(path: string): Promise<void> {
  return syncFolder(dirname(resolve(path)));
}

/**
 * Flushes all files and folders below a folder to disk, with their names.
 *
 * @example
 * ```ts
 * import { syncTree } from '@mlm/base';
 *
 * await syncTree('runs/first');
 * ```
 */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncFile(path);
  }
  await syncFolder(folder);
}
