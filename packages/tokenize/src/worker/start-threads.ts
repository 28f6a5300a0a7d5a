import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { InputFiles } from '../source/list.js';
import { UNIT_BYTES } from '../source/unit.js';
import type { Tokenizer } from '../tokenizer/types.js';
import type { WorkerRequest } from './thread.js';

/** The compiled entry point, from this file in src/ as in dist/. */
const THREAD = new URL('../../dist/worker/thread.js', import.meta.url);

/** Threads that are getting ready, or are, and have no work yet. */
const started = new Map<Tokenizer, Worker[]>();

/**
 * Starts the worker threads that a later `preprocess` of the input with this tokenizer will use, so that they load their
 * modules and tables while this thread loads its own. Without it they start when there is work for them.
 * @param workers worker threads of the run. Default: what the machine can run at once
 */
export function startThreads(
  input: InputFiles,
  tokenizer: Tokenizer,
  workers = availableParallelism(),
): void {
  const count = Math.min(workers, Math.ceil(input.bytes / UNIT_BYTES));
  const threads = Array.from({ length: count }, () => startThread(tokenizer));
  // Until they are used they keep no process alive.
  for (const thread of threads) thread.unref();
  started.set(tokenizer, [...(started.get(tokenizer) ?? []), ...threads]);
}

/** A thread that has, or will have, an encoder of this tokenizer. */
export function takeThread(tokenizer: Tokenizer): Worker {
  const thread = started.get(tokenizer)?.shift() ?? startThread(tokenizer);
  thread.ref();
  return thread;
}

function startThread(tokenizer: Tokenizer): Worker {
  const thread = new Worker(THREAD);
  thread.postMessage({ tokenizer: tokenizer.definition() } satisfies WorkerRequest);
  return thread;
}
