import { Worker } from 'node:worker_threads';
import { type Dataset, InputError } from '@mlm/arrow';
import type { Batch } from './batch.js';
import { type EpochOptions, epochBatches } from './epoch.js';

/** What a loader thread is started with. */
export interface LoaderTask {
  path: string;
  options: EpochOptions;
  epoch: number;
  /** Number of the first batch to hand over. */
  firstBatch: number;
  /** This thread assembles the batches whose number is `thread` modulo `threads`. */
  thread: number;
  threads: number;
}

/** Some batches from a loader thread, or why there is none. Structured clone forgets an error's class: InputError has a field of its own. */
export type LoaderMessage =
  | { batches: Batch[] }
  | { end: true }
  | { error: unknown }
  | { inputError: string };

/** Batches that cross from a thread together: a message costs as much as assembling a few. */
export const batchesPerMessage = 8;
/** Messages that a thread may be ahead of their use. */
export const messagesAhead = 3;

/**
 * The batches of an epoch from number `firstBatch` on, assembled ahead by threads of their own: batch i by thread
 * i modulo `threads`, handed out in order. So their number does not change what comes out. Without threads the
 * batches are assembled here.
 */
export async function* loadBatches(
  dataset: Dataset,
  options: EpochOptions,
  epoch: number,
  firstBatch: number,
  threads: number,
): AsyncGenerator<Batch> {
  if (threads === 0) {
    const wanted = (index: number) => index >= firstBatch;
    for await (const { batch } of epochBatches(dataset, options, epoch, wanted)) yield batch;
    return;
  }
  const workers = Array.from({ length: threads }, (_, thread) => {
    return new LoaderThread({ path: dataset.path, options, epoch, firstBatch, thread, threads });
  });
  try {
    for (let index = firstBatch; ; index++) {
      const batch = await workers[index % threads]!.next();
      if (!batch) return;
      yield batch;
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

class LoaderThread {
  readonly #worker: Worker;
  readonly #arrived: LoaderMessage[] = [];
  #batches: Iterator<Batch> = [].values();
  #waiting: (() => void) | undefined;

  constructor(task: LoaderTask) {
    this.#worker = new Worker(new URL('../../dist/data/worker.js', import.meta.url), {
      workerData: task,
      // Flags of the main program, such as --input-type, may not suit a file.
      execArgv: [],
    });
    const arrive = (message: LoaderMessage) => {
      this.#arrived.push(message);
      this.#waiting?.();
      this.#waiting = undefined;
    };
    this.#worker.on('message', arrive);
    this.#worker.on('error', (error) => arrive({ error }));
  }

  async next(): Promise<Batch | undefined> {
    for (;;) {
      const next = this.#batches.next();
      if (!next.done) return next.value;
      const message = await this.#message();
      if ('error' in message) throw message.error;
      if ('inputError' in message) throw new InputError(message.inputError);
      if ('end' in message) return undefined;
      this.#worker.postMessage('taken');
      this.#batches = message.batches.values();
    }
  }

  async #message(): Promise<LoaderMessage> {
    while (this.#arrived.length === 0) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    return this.#arrived.shift()!;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
