import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncName, syncTree } from './durable.js';
import { type LockOptions, lockOutput } from './lock.js';
import { makeFolders } from './make-folders.js';
import { exists, moveUnlessThere } from './move.js';
import { checkTarget, type Replaceable } from './replace.js';
import { writeError } from './write-error.js';

/** Options of {@link writeFolder}. */
export interface WriteFolderOptions extends LockOptions {
  /** Replaces an existing folder of the same kind. Default: false. */
  overwrite?: boolean;
  /** Files and folders being read: a target that is or contains one of them is refused. Default: none. */
  inputs?: readonly string[] | undefined;
}

/**
 * Fills a new folder through `write`, as its only writer. It appears under its name once it is complete and on disk;
 * until then, the folder that it replaces stays. An error, an abort or a kill leaves the previous state.
 *
 * @param kind what the folder may replace
 * @param write fills the folder that it is given
 * @throws InputError when the folder exists, may not be replaced, or is being written by another process
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { join } from 'node:path';
 * import { writeFolder } from '@mlm/base';
 *
 * const kind = {
 *   kind: 'folder',
 *   name: 'a vocabulary',
 *   marks: ['vocab.txt'],
 *   isPart: (path: string) => path === 'vocab.txt',
 * } as const;
 * await writeFolder('vocab', kind, { overwrite: true }, (folder) => writeFile(join(folder, 'vocab.txt'), '[PAD]'));
 * ```
 */
export async function writeFolder<T>(
  folder: string,
  kind: Replaceable & { kind: 'folder' },
  { takeOver = false, ...options }: WriteFolderOptions,
  write: (folder: string) => Promise<T>,
): Promise<T> {
  checkTarget(folder, kind, options);
  const lock = await lockOutput(folder, { takeOver });
  try {
    checkWorkingFolder(folder, kind, options);
    await restoreFolder(folder);
    checkTarget(folder, kind, options);
    return await replaceFolder(folder, write, () => {
      lock.check();
      checkTarget(folder, kind, options);
    });
  } finally {
    lock.release();
  }
}

/**
 * Like {@link writeFolder}, for a folder inside one that the caller owns: takes no lock, and replaces whatever is
 * there.
 * @param check called before anything is replaced. Default: nothing to check
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { join } from 'node:path';
 * import { replaceFolder } from '@mlm/base';
 *
 * await replaceFolder('run/checkpoint', (folder) => writeFile(join(folder, 'config.json'), '{}'));
 * ```
 */
export async function replaceFolder<T>(
  folder: string,
  write: (folder: string) => Promise<T>,
  check?: () => void,
): Promise<T> {
  const working = workingFolder(folder);
  const [made, old] = [join(working, 'new'), join(working, 'old')];
  await restoreFolder(folder);
  try {
    await makeFolders(working);
    await mkdir(made);
    const result = await write(made);
    await syncTree(made);
    check?.();
    if (await exists(folder)) await rename(folder, old);
    await rename(made, folder);
    await syncName(folder);
    await rm(working, { recursive: true });
    return result;
  } catch (error) {
    await restoreFolder(folder);
    // Errors in what `write` reads elsewhere already have a message.
    const isOurs = String((error as NodeJS.ErrnoException).path ?? '').startsWith(working);
    throw isOurs ? writeError(error, folder) : error;
  }
}

/**
 * Restores the folder that an interrupted {@link replaceFolder} was about to replace, and removes its unfinished work.
 *
 * @example
 * ```ts
 * import { restoreFolder } from '@mlm/base';
 *
 * await restoreFolder('run/checkpoint'); // before a run is resumed
 * ```
 */
export async function restoreFolder(folder: string): Promise<void> {
  const working = workingFolder(folder);
  await moveUnlessThere(join(working, 'old'), folder);
  await rm(working, { recursive: true, force: true });
}

/**
 * Checks that what an interrupted run left beside a folder may be removed.
 * @throws InputError when {@link replaceFolder} did not make it for a folder of this kind
 *
 * @example
 * ```ts
 * import { checkWorkingFolder } from '@mlm/base';
 *
 * const kind = {
 *   kind: 'folder',
 *   name: 'a vocabulary',
 *   marks: ['vocab.txt'],
 *   isPart: (path: string) => path === 'vocab.txt',
 * } as const;
 * checkWorkingFolder('vocab', kind, { inputs: ['corpus'] });
 * ```
 */
export function checkWorkingFolder(
  folder: string,
  kind: Replaceable & { kind: 'folder' },
  { inputs }: Pick<WriteFolderOptions, 'inputs'>,
): void {
  const options = { overwrite: true, inputs };
  checkTarget(workingFolder(folder), workingContents(kind), options);
}

/** Where a folder is assembled; also holds the one that it replaces while the two swap places. */
function workingFolder(folder: string): string {
  return `${folder.replace(/\/+$/, '')}.partial`;
}

function workingContents(kind: Replaceable & { kind: 'folder' }): Replaceable {
  return {
    kind: 'folder',
    name: `left from an interrupted run that wrote ${kind.name}`,
    marks: ['new', 'old', ...kind.marks],
    // An earlier version put the files into the working folder itself.
    isPart: (path) => /^(new|old)\/$/.test(path) || kind.isPart(path.replace(/^(new|old)\//, '')),
  };
}
