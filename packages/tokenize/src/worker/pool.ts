import { giveBackMemory } from '@mlm/arrow/columns';
import type { Unit } from '../source/unit.js';
import type { Tokenizer } from '../tokenizer/types.js';
import type { FinishedUnit } from './finished-unit.js';
import { type UnitWork, UnitWorker } from './unit-worker.js';
import { WorkerThread, WriteTurns } from './worker-thread.js';

/** Runs units, several at a time. */
export interface UnitPool {
  /** Units that may be in progress at once. */
  readonly capacity: number;
  run(unit: Unit): Promise<FinishedUnit>;
  close(): Promise<void>;
}

/** A unit with no more bytes than this is done before a thread would have started. */
const SMALL_BYTES = 1 << 20;

/**
 * A pool of `workers` threads; with 0, units run in this thread. Threads start when there is work for them; a small
 * first unit, which is mostly the only one, runs in this thread in any case.
 * @param writes whether threads hold their batches and write them; those of this thread are returned in any case
 */
export function createPool(workers: number, tokenizer: Tokenizer, work: UnitWork, writes: boolean): UnitPool {
  return workers > 0 ? new ThreadPool(workers, tokenizer, work, writes) : new LocalPool(tokenizer, work);
}

class LocalPool implements UnitPool {
  readonly capacity = 1;
  private worker: Promise<UnitWorker> | undefined;

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly work: UnitWork,
  ) {}

  async run(unit: Unit): Promise<FinishedUnit> {
    this.worker ??= UnitWorker.create(this.work, () => this.tokenizer.encoder());
    return { ...(await (await this.worker).run(unit)), giveBack: giveBackMemory };
  }

  async close(): Promise<void> {}
}

interface QueuedUnit {
  unit: Unit;
  resolve(finished: FinishedUnit): void;
  reject(error: Error): void;
}

class ThreadPool implements UnitPool {
  /**
   * Per thread, one unit that it works on and one that is waiting; two more, so that no thread is idle while a slower
   * one holds up the order.
   */
  readonly capacity: number;
  private readonly threads: WorkerThread[] = [];
  private readonly queue: QueuedUnit[] = [];
  private isClosed = false;
  private readonly turns: WriteTurns | undefined;
  private hasBegun = false;

  constructor(
    private readonly size: number,
    private readonly tokenizer: Tokenizer,
    private readonly work: UnitWork,
    writes: boolean,
  ) {
    this.capacity = 2 * size + 2;
    if (writes) this.turns = new WriteTurns(Math.ceil(size / 2));
  }

  run(unit: Unit): Promise<FinishedUnit> {
    const isFirst = !this.hasBegun;
    this.hasBegun = true;
    if (isFirst && unit.inputBytes <= SMALL_BYTES) return new LocalPool(this.tokenizer, this.work).run(unit);
    return new Promise((resolve, reject) => {
      this.queue.push({ unit, resolve, reject });
      this.dispatch();
    });
  }

  /** Units are given only to threads with room, so that faster threads take more of them. */
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

  private threadWithRoom(): WorkerThread | undefined {
    const idle = this.threads.find((thread) => thread.pending === 0);
    if (idle) return idle;
    if (this.threads.length === this.size) return this.threads.find((thread) => thread.pending === 1);
    const thread = new WorkerThread(this.tokenizer, this.work, this.turns);
    this.threads.push(thread);
    return thread;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}
