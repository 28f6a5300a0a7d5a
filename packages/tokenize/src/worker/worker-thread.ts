import type { Unit } from '../source/unit.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { takeThread } from './early-thread.js';
import {
  type EncodedResult,
  type FinishedUnit,
  selfWriting,
  type UnitResult,
  type UnitThread,
} from './finished-unit.js';
import type { BatchPosition } from './held-batches.js';
import { MessageThread } from './message-thread.js';
import { fromRemoteError } from './remote-error.js';
import type { WorkerAnswer, WorkerRequest } from './thread.js';
import type { UnitWork } from './unit-worker.js';
import type { WriteTurns } from './write-turns.js';

/** A caller that waits for an answer of the thread. */
interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** A worker thread, as seen by the thread that gives it units; results arrive in the order of the units. */
export class WorkerThread implements UnitThread {
  private readonly thread: MessageThread<WorkerRequest, WorkerAnswer>;
  private readonly units: (Waiting<FinishedUnit> & { number: number })[] = [];
  private readonly writes: Waiting<void>[] = [];

  /** @param turns of the threads, where batches stay in the thread, which writes them */
  constructor(
    tokenizer: Tokenizer,
    work: UnitWork,
    private readonly turns: WriteTurns | undefined,
  ) {
    const take = (answer: WorkerAnswer) => this.take(answer);
    this.thread = new MessageThread(takeThread(), 'worker', take, (error) => this.fail(error));
    try {
      this.thread.send({ work, encoder: tokenizer.encoderSource(), writes: turns !== undefined });
    } catch (error) {
      this.thread.end(error as Error);
    }
  }

  /** Resolves once the thread has set itself up, or has failed, which its first unit then tells. */
  get started(): Promise<void> {
    return this.thread.started;
  }

  /** Units in progress. */
  get pending(): number {
    return this.units.length;
  }

  run(unit: Unit): Promise<FinishedUnit> {
    return new Promise((resolve, reject) => {
      if (this.thread.ended) return reject(this.thread.ended);
      this.units.push({ number: unit.number, resolve, reject });
      const buffers = unit.parts.flatMap(({ data }) =>
        data?.buffer instanceof ArrayBuffer ? [data.buffer] : [],
      );
      this.thread.send({ unit }, buffers);
    });
  }

  finish(): void {
    this.thread.send({ isLast: true });
  }

  close(): Promise<void> {
    return this.thread.close();
  }

  private take(answer: WorkerAnswer): void {
    if ('written' in answer) {
      const write = this.writes.shift();
      if (answer.error) write?.reject(fromRemoteError(answer.error));
      else write?.resolve();
      return;
    }
    const unit = this.units.shift();
    if ('error' in answer) unit?.reject(fromRemoteError(answer.error));
    else unit?.resolve({ ...this.batchesOf(answer, unit.number), giveBack: this.giveBack });
  }

  private batchesOf(answer: UnitResult | EncodedResult, unit: number): Omit<FinishedUnit, 'giveBack'> {
    if ('batches' in answer) return answer;
    const { encoded, skipped } = answer;
    const batches = selfWriting(unit, encoded, this.turns!, (to) => this.write(to));
    return { batches, skipped };
  }

  private write(write: BatchPosition): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.thread.ended) return reject(this.thread.ended);
      this.writes.push({ resolve, reject });
      this.thread.send({ write });
    });
  }

  private readonly giveBack = (memory: ArrayBuffer[]): void => this.thread.send({ memory }, memory);

  /** Rejects whatever waits for the thread, which has ended. */
  private fail(error: Error): void {
    for (const { reject } of [...this.units.splice(0), ...this.writes.splice(0)]) reject(error);
  }
}
