import { Worker } from 'node:worker_threads';
import { InputError } from '@mlm/base/errors';
import { entryPoint } from '@mlm/base/spawn';
import type { Unit } from '../source/unit.js';
import type { Tokenizer } from '../tokenizer/types.js';
import {
  type EncodedResult,
  type FinishedUnit,
  selfWriting,
  type UnitResult,
  type UnitThread,
} from './finished-unit.js';
import type { BatchPosition } from './held-batches.js';
import type { RemoteError, WorkerAnswer, WorkerRequest } from './thread.js';
import type { UnitWork } from './unit-worker.js';
import type { WriteTurns } from './write-turns.js';

const THREAD = entryPoint(import.meta.url, './thread.js');

/** A caller that waits for an answer of the thread. */
interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** A worker thread, as seen by the thread that gives it units; results arrive in the order of the units. */
export class WorkerThread implements UnitThread {
  /** Resolves once the thread has set itself up, or has failed, which its first unit then tells. */
  readonly started: Promise<void>;
  private readonly worker = new Worker(THREAD);
  private readonly units: (Waiting<FinishedUnit> & { number: number })[] = [];
  private readonly writes: Waiting<void>[] = [];
  /** Why the thread ended. */
  private ended: Error | undefined;
  private isStarting = true;
  private onStarted = (): void => {};

  /** @param turns of the threads, where batches stay in the thread, which writes them */
  constructor(
    tokenizer: Tokenizer,
    work: UnitWork,
    private readonly turns: WriteTurns | undefined,
  ) {
    this.worker.on('message', (answer: WorkerAnswer) => this.take(answer));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', (code) => this.fail(new Error(`a worker thread ended (exit code ${code})`)));
    this.started = new Promise<void>((resolve) => (this.onStarted = resolve)).then(() => {
      this.isStarting = false;
    });
    try {
      this.send({ work, encoder: tokenizer.encoderSource(), writes: turns !== undefined });
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** Units in progress. */
  get pending(): number {
    return this.units.length;
  }

  run(unit: Unit): Promise<FinishedUnit> {
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(this.ended);
      this.units.push({ number: unit.number, resolve, reject });
      const buffers = unit.parts.flatMap(({ data }) =>
        data?.buffer instanceof ArrayBuffer ? [data.buffer] : [],
      );
      this.send({ unit }, buffers);
    });
  }

  /** Ends the thread, or has it end once it has started: Node would leave the files open that it is loading. */
  async close(): Promise<void> {
    const ended = this.started.then(() => this.worker.terminate());
    if (this.isStarting) this.worker.unref();
    else await ended;
  }

  private take(answer: WorkerAnswer): void {
    if ('started' in answer) {
      this.onStarted();
      return;
    }
    if ('written' in answer) {
      const write = this.writes.shift();
      if (answer.error) write?.reject(remoteError(answer.error));
      else write?.resolve();
      return;
    }
    const unit = this.units.shift();
    if ('error' in answer) unit?.reject(remoteError(answer.error));
    else unit?.resolve({ ...this.batchesOf(answer, unit.number), giveBack: this.giveBack });
  }

  private batchesOf(answer: UnitResult | EncodedResult, unit: number): Omit<FinishedUnit, 'giveBack'> {
    if ('batches' in answer) return answer;
    const { encoded, skipped } = answer;
    const batches = selfWriting(unit, encoded, (to) => this.turns!.take(() => this.write(to)));
    return { batches, skipped };
  }

  private write(write: BatchPosition): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(this.ended);
      this.writes.push({ resolve, reject });
      this.send({ write });
    });
  }

  private send(request: WorkerRequest, transfer: ArrayBuffer[] = []): void {
    this.worker.postMessage(request, transfer);
  }

  private readonly giveBack = (memory: ArrayBuffer[]): void => this.send({ memory }, memory);

  /** Rejects whatever waits for the thread, which has ended. */
  private fail(error: Error): void {
    for (const { reject } of [...this.units.splice(0), ...this.writes.splice(0)]) reject(error);
    this.ended ??= error;
    this.onStarted();
  }
}

function remoteError({ message, stack, code, parts }: RemoteError): Error {
  if (parts) return new InputError(parts);
  const error = new Error(message);
  if (stack) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}
