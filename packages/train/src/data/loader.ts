import { Worker } from 'node:worker_threads';
import type { Dataset } from '@mlm/arrow';
import { InputError, type MessageParts } from '@mlm/base/errors';
import { entryPoint } from '@mlm/base/spawn';
import type { Batch } from './batch.js';
import type { DataPlan } from './dataset.js';
import { epochBatches } from './epoch.js';

/** The place in a dataset's epochs to begin at. */
export interface DataPosition {
  epoch: number;
  /** Number of the batch in the epoch. */
  batch: number;
}

/** All rows once, from the beginning. */
export const onePass = { from: { epoch: 0, batch: 0 }, epochs: 1 };

/** What a loader thread is started with. */
export interface LoaderTask {
  path: string;
  plan: DataPlan;
  from: DataPosition;
  epochs: number;
  /** This thread assembles the batches whose number modulo `threads` is `thread`, counted from the first epoch. */
  thread: number;
  threads: number;
}

/**
 * Some batches from a loader thread, or why there are none. Structured clone loses an error's class, so InputError has
 * its own field.
 */
export type LoaderMessage =
  | { batches: Batch[] }
  | { end: true }
  | { error: unknown }
  | { inputError: MessageParts };

/** Batches in a message between threads: sending one costs as much as assembling a few batches. */
export const batchesPerMessage = 8;
/** Messages that a thread may prepare in advance. */
export const messagesAhead = 3;

/**
 * Loads the batches of some epochs, from a given place in the first. Threads assemble them in advance: thread i modulo
 * `threads` assembles batch i, and batches are yielded in order, so that the number of threads does not change the
 * result. With 0 threads, the calling thread assembles them.
 *
 * @param epochs number of epochs; `Infinity` never ends
 *
 * @example
 * ```ts
 * import { openDataset } from '@mlm/arrow';
 * import { loadBatches, planData } from '@mlm/train';
 *
 * const dataset = await openDataset('out.arrow');
 * const { tokenizer } = dataset.metadata!;
 * const plan = await planData(dataset, { batchSize: 32, tokenizer, vocabularySize: tokenizer.vocabulary_size });
 * for await (const batch of loadBatches(dataset, plan, { from: { epoch: 0, batch: 0 }, epochs: 1, threads: 2 })) {
 *   console.log(batch.input_ids.length, batch.masked);
 * }
 * ```
 */
export async function* loadBatches(
  dataset: Dataset,
  plan: DataPlan,
  { from, epochs, threads }: { from: DataPosition; epochs: number; threads: number },
): AsyncGenerator<Batch> {
  const task = { path: dataset.path, plan, from, epochs };
  if (threads === 0) {
    yield* assembledBatches(dataset, { ...task, thread: 0, threads: 1 });
    return;
  }
  const workers = Array.from(
    { length: threads },
    (_, thread) => new LoaderThread({ ...task, thread, threads }),
  );
  try {
    for (let number = from.epoch * plan.batchesPerEpoch + from.batch; ; number++) {
      const batch = await workers[number % threads]!.next();
      if (!batch) return;
      yield batch;
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

/** One thread's share of the batches. */
export async function* assembledBatches(
  dataset: Dataset,
  { plan, from, epochs, thread, threads }: Omit<LoaderTask, 'path'>,
): AsyncGenerator<Batch> {
  for (let epoch = from.epoch; epoch < from.epoch + epochs; epoch++) {
    const first = epoch === from.epoch ? from.batch : 0;
    const before = epoch * plan.batchesPerEpoch;
    const wanted = (index: number) => index >= first && (before + index) % threads === thread;
    yield* epochBatches(dataset, plan, epoch, wanted);
  }
}

class LoaderThread {
  readonly #worker: Worker;
  readonly #arrived: LoaderMessage[] = [];
  #batches: Iterator<Batch> = [].values();
  #waiting: (() => void) | undefined;

  constructor(task: LoaderTask) {
    this.#worker = new Worker(entryPoint(import.meta.url, './worker.js'), {
      workerData: task,
      // The main program's flags, such as --input-type, may not suit a file.
      execArgv: [],
    });
    const arrive = (message: LoaderMessage) => {
      this.#arrived.push(message);
      this.#waiting?.();
      this.#waiting = undefined;
    };
    this.#worker.on('message', arrive);
    this.#worker.on('error', (error) => arrive({ error }));
    // A program that stops reading batches can exit: the thread keeps it alive only while it is awaited.
    this.#worker.unref();
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
      this.#worker.ref();
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
      this.#worker.unref();
    }
    return this.#arrived.shift()!;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
