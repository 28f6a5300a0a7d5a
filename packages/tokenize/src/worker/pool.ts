import type { Unit } from '../source/unit.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { hasEarlyThread, SMALL_BYTES } from './early-thread.js';
import type { FinishedUnit, UnitThread } from './finished-unit.js';
import { ThisThread } from './this-thread.js';
import type { UnitWork } from './unit-worker.js';
import { WorkerThread } from './worker-thread.js';
import { WriteTurns } from './write-turns.js';

interface QueuedUnit {
  unit: Unit;
  resolve(finished: FinishedUnit): void;
  reject(error: Error): void;
}

/**
 * Runs units in `workers` threads, of which this thread is one: it works whenever the others have all that they can
 * take, and thus while they start. With 0 or 1, it works alone.
 */
export class UnitPool {
  /**
   * Units that may be in progress at once: per further thread, one that it works on and one that waits; one in this
   * thread; and one more, so that no thread is idle while a slower one holds up the order.
   */
  readonly capacity: number;
  private readonly here: ThisThread;
  private readonly others: WorkerThread[] = [];
  /** Those of the others that have started. */
  private readonly ready: WorkerThread[] = [];
  private readonly queue: QueuedUnit[] = [];
  private readonly turns: WriteTurns | undefined;
  private isClosed = false;
  private hasBegun = false;
  private hasAll = false;
  private usesThisThread = false;

  /** @param writes - whether threads hold their batches and write them, instead of returning them */
  constructor(
    private readonly workers: number,
    private readonly tokenizer: Tokenizer,
    private readonly work: UnitWork,
    writes: boolean,
  ) {
    this.capacity = 2 * Math.max(1, workers);
    if (writes) this.turns = new WriteTurns(Math.max(1, Math.ceil(workers / 2)));
    this.here = new ThisThread(tokenizer, work, this.turns);
    if (hasEarlyThread()) this.startThread();
  }

  run(unit: Unit): Promise<FinishedUnit> {
    if (this.hasBegun || unit.inputBytes > SMALL_BYTES) this.startThread();
    this.hasBegun = true;
    return new Promise((resolve, reject) => {
      this.queue.push({ unit, resolve, reject });
      this.dispatch();
    });
  }

  /** Until this is called, this thread runs no units. */
  useThisThread(): void {
    this.usesThisThread = true;
    this.dispatch();
  }

  /** Starts one more thread, if all of them have not been started yet. */
  private startThread(): void {
    if (this.others.length >= this.workers - 1) return;
    const thread = new WorkerThread(this.tokenizer, this.work, this.turns);
    this.others.push(thread);
    thread.started.then(() => {
      this.ready.push(thread);
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
    if (!this.hasAll || this.queue.length > 0) return;
    this.hasAll = false;
    for (const thread of this.others) thread.finish();
  }

  /**
   * This thread comes last: nothing else goes on in it while it runs a unit, so the others must have enough to do. Those
   * that are starting get a unit only once this thread has one: it is done sooner.
   */
  private threadWithRoom(): UnitThread | undefined {
    return (
      this.ready.find(({ pending }) => pending === 0) ??
      this.ready.find(({ pending }) => pending === 1) ??
      (this.usesThisThread && this.here.pending === 0 ? this.here : undefined) ??
      (this.here.pending > 0 ? this.others.find(({ pending }) => pending === 0) : undefined)
    );
  }

  /**
   * No more units follow: each thread ends by itself once its rows are written. That takes some 15 ms, which pass while
   * the disk is waited for.
   */
  finish(): void {
    this.hasAll = true;
    this.dispatch();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.others.map((thread) => thread.close()));
  }
}
