import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
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

/** Whether an input is a file of more than one unit. Folders are not looked into, which may take long. */
function isLong(path: string): boolean {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() === true && found.size > SMALL_BYTES;
  } catch {
    return false; // The run will say what is wrong.
  }
}
