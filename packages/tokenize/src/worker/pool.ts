import type { Worker } from 'node:worker_threads';
import { type ColumnBatch, giveBackMemory, InputError, onRelease, recordBatch } from '@mlm/arrow';
import type { RecordBatch } from 'apache-arrow';
import type { Unit } from '../source/unit.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { takeThread } from './start-threads.js';
import type { UnitAnswer, WorkerRequest } from './thread.js';
import { type UnitWork, UnitWorker } from './unit-worker.js';

/** Runs units somewhere, several at a time. */
export interface UnitPool {
  /** Units that may be under way at once. */
  readonly capacity: number;
  run(unit: Unit): Promise<RecordBatch[]>;
  close(): Promise<void>;
}

/**
 * A pool of `workers` threads; with 0, the units run in this thread. Threads start when there is work for them.
 * @param reusesMemory whether batches that a sink has written are given back to the thread that made them
 */
export function createPool(
  workers: number,
  tokenizer: Tokenizer,
  work: UnitWork,
  reusesMemory: boolean,
): UnitPool {
  return workers > 0
    ? new ThreadPool(workers, tokenizer, work, reusesMemory)
    : new LocalPool(tokenizer, work, reusesMemory);
}

class LocalPool implements UnitPool {
  readonly capacity = 1;
  private worker: Promise<UnitWorker> | undefined;

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly work: UnitWork,
    private readonly reusesMemory: boolean,
  ) {}

  async run(unit: Unit): Promise<RecordBatch[]> {
    this.worker ??= UnitWorker.create(this.work, () => this.tokenizer.encoder());
    const batches = (await (await this.worker).run(unit)).map(recordBatch);
    if (this.reusesMemory) for (const batch of batches) onRelease(batch, giveBackMemory);
    return batches;
  }

  async close(): Promise<void> {}
}

interface QueuedUnit {
  unit: Unit;
  resolve(batches: RecordBatch[]): void;
  reject(error: Error): void;
}

class ThreadPool implements UnitPool {
  /**
   * A unit for each thread, one that it finds when it is done, and some more, so that none is idle while a slower one
   * holds the order up.
   */
  readonly capacity: number;
  private readonly threads: Thread[] = [];
  private readonly queue: QueuedUnit[] = [];
  private isClosed = false;

  constructor(
    private readonly size: number,
    private readonly tokenizer: Tokenizer,
    private readonly work: UnitWork,
    private readonly reusesMemory: boolean,
  ) {
    this.capacity = 2 * size + 2;
  }

  run(unit: Unit): Promise<RecordBatch[]> {
    return new Promise((resolve, reject) => {
      this.queue.push({ unit, resolve, reject });
      this.dispatch();
    });
  }

  /** Units go to threads only when these have room, so that whichever is faster takes more of them. */
  private dispatch(): void {
    while (this.queue.length > 0 && !this.isClosed) {
      const thread = this.threadWithRoom();
      if (!thread) return;
      const { unit, resolve, reject } = this.queue.shift()!;
      thread
        .run(unit)
        .then(resolve, reject)
        .finally(() => this.dispatch());
    }
  }

  private threadWithRoom(): Thread | undefined {
    const idle = this.threads.find((thread) => thread.pending === 0);
    if (idle) return idle;
    if (this.threads.length === this.size) return this.threads.find((thread) => thread.pending === 1);
    const thread = new Thread(this.tokenizer, this.work, this.reusesMemory);
    this.threads.push(thread);
    return thread;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}

class Thread {
  private readonly worker: Worker;
  private readonly waiting: Omit<QueuedUnit, 'unit'>[] = [];

  constructor(
    tokenizer: Tokenizer,
    work: UnitWork,
    private readonly reusesMemory: boolean,
  ) {
    this.worker = takeThread(tokenizer);
    this.send({ work });
    this.worker.on('message', (answer: UnitAnswer) => {
      const next = this.waiting.shift();
      if ('batches' in answer) next?.resolve(answer.batches.map((batch) => this.received(batch)));
      else next?.reject(remoteError(answer.error));
    });
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', (code) => this.fail(new Error(`a worker thread ended (exit code ${code})`)));
  }

  get pending(): number {
    return this.waiting.length;
  }

  run(unit: Unit): Promise<RecordBatch[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      const buffers = unit.parts.flatMap(({ data }) =>
        data?.buffer instanceof ArrayBuffer ? [data.buffer] : [],
      );
      this.send({ unit }, buffers);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private received(columns: ColumnBatch): RecordBatch {
    const batch = recordBatch(columns);
    if (this.reusesMemory) onRelease(batch, (memory) => this.send({ memory }, memory));
    return batch;
  }

  private send(request: WorkerRequest, transfer: ArrayBuffer[] = []): void {
    this.worker.postMessage(request, transfer);
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

function remoteError({
  message,
  stack,
  isInput,
}: {
  message: string;
  stack: string | undefined;
  isInput: boolean;
}): Error {
  if (isInput) return new InputError(message);
  const error = new Error(message);
  if (stack) error.stack = stack;
  return error;
}
