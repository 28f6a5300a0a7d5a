import { opendirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { entryPoint } from '@mlm/base/spawn';
import { startThread } from './message-thread.js';

/** A first unit with no more bytes than this is mostly the only one, and done before a thread would have started. @internal */
export const SMALL_BYTES = 1 << 20;

const THREAD = entryPoint(import.meta.url, './thread.js');

let early: Worker | undefined;

/**
 * Starts a worker thread for the next run of `preprocess`, before the modules that do the work are loaded: a thread takes
 * as long to start as they do. Does nothing if one thread is enough for these inputs. A thread that no run takes does not
 * keep the process alive.
 * @param workers - threads of that run. Default: all cores
 * @param launcher - a module that the thread runs instead of its own, whose URL it finds as `workerData`. Default: none
 *
 * @example
 * ```ts
 * import { startEarlyThread } from '@mlm/tokenize/early-thread';
 *
 * startEarlyThread(['corpus.txt']);
 * const { preprocess } = await import('@mlm/tokenize/preprocess');
 * ```
 */
export function startEarlyThread(
  inputs: readonly string[],
  {
    workers = availableParallelism(),
    launcher,
  }: { workers?: number | undefined; launcher?: URL | undefined } = {},
): void {
  if (early || workers < 2 || !inputs.some(isLong)) return;
  const thread = startThread(THREAD, launcher);
  early = thread;
  thread.unref();
  const forget = () => {
    if (early === thread) early = undefined;
  };
  // Whatever is wrong will be wrong with the thread that is started instead, which tells.
  thread.on('error', forget).on('exit', forget);
}

/** Whether a thread has been started early and not been taken. @internal */
export const hasEarlyThread = (): boolean => early !== undefined;

/** A thread for units: the one that was started early, else a new one. @internal */
export function takeThread(): Worker {
  const thread = early ?? startThread(THREAD);
  early = undefined;
  thread.ref();
  return thread;
}

/** Whether an input has more than one unit, as far as can be told at once. */
function isLong(path: string): boolean {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) return isLongFolder(path);
    return found?.isFile() === true && found.size > SMALL_BYTES;
  } catch {
    return false; // The run will say what is wrong.
  }
}

/** Looks at some of a folder's files: it may have millions, which take seconds to list, while a thread can start. */
function isLongFolder(path: string): boolean {
  const folder = opendirSync(path);
  let bytes = 0;
  try {
    for (let entries = 0; entries < ENTRIES && bytes <= SMALL_BYTES; entries++) {
      const entry = folder.readSync();
      if (!entry) break;
      if (entry.isFile()) bytes += statSync(join(path, entry.name)).size;
    }
  } finally {
    folder.closeSync();
  }
  return bytes > SMALL_BYTES;
}

/** Entries of a folder that are looked at. */
const ENTRIES = 512;
