import { Worker } from 'node:worker_threads';
import type { SelfWritingBatch } from '@mlm/arrow/encoded';
import { InputError } from '@mlm/base/errors';
import { entryPoint } from '@mlm/base/spawn';
import type { Unit } from '../source/unit.js';
import type { Tokenizer } from '../tokenizer/types.js';
import type { EncodedResult, FinishedUnit, UnitResult } from './finished-unit.js';
import type { BatchPosition } from './held-batches.js';
import type { RemoteError, WorkerAnswer, WorkerRequest } from './thread.js';
import type { UnitWork } from './unit-worker.js';

const THREAD = entryPoint(import.meta.url, './thread.js');

/** A caller that waits for an answer of the thread. */
interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: Error): void;
}

/**
 * Limits the number of concurrent writes. A file system takes the writes to one file one after another: threads that
 * waited there would from then on all write at the same time, where they could tokenize meanwhile.
 */
export class WriteTurns {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** Does it when it is its turn; turns come in the order of the calls. */
  async take(write: () => Promise<void>): Promise<void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      await write();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}

/** A worker thread, as seen by the thread that gives it units; results arrive in the order of the units. */
export class WorkerThread {
  private readonly worker = new Worker(THREAD);
  private readonly units: (Waiting<FinishedUnit> & { number: number })[] = [];
  private readonly writes: Waiting<void>[] = [];
  /** Why the thread ended. */
  private ended: Error | undefined;
  /** Requests made before the thread got its work. */
  private unsent: { request: WorkerRequest; transfer: ArrayBuffer[] }[] | undefined = [];

  /** @param turns of the threads, where batches stay in the thread, which writes them */
  constructor(
    tokenizer: Tokenizer,
    work: UnitWork,
    private readonly turns: WriteTurns | undefined,
  ) {
    this.worker.on('message', (answer: WorkerAnswer) => this.take(answer));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', (code) => this.fail(new Error(`a worker thread ended (exit code ${code})`)));
    // Setting up an encoder keeps this thread busy: first let all threads start.
    setImmediate(() => this.begin(tokenizer, work));
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

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private take(answer: WorkerAnswer): void {
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
    const batches = encoded.map(
      (batch, i): SelfWritingBatch => ({
        ...batch,
        write: (descriptor, position) =>
          this.turns!.take(() => this.write({ unit, batch: i, descriptor, position })),
      }),
    );
    return { batches, skipped };
  }

  private write(write: BatchPosition): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(this.ended);
      this.writes.push({ resolve, reject });
      this.send({ write });
    });
  }

  private begin(tokenizer: Tokenizer, work: UnitWork): void {
    const unsent = this.unsent ?? [];
    this.unsent = undefined;
    try {
      this.send({ work, encoder: tokenizer.encoderSource(), writes: this.turns !== undefined });
      for (const { request, transfer } of unsent) this.send(request, transfer);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private send(request: WorkerRequest, transfer: ArrayBuffer[] = []): void {
    if (this.unsent) this.unsent.push({ request, transfer });
    else this.worker.postMessage(request, transfer);
  }

  private readonly giveBack = (memory: ArrayBuffer[]): void => this.send({ memory }, memory);

  /** Rejects whatever waits for the thread, which has ended. */
  private fail(error: Error): void {
    for (const { reject } of [...this.units.splice(0), ...this.writes.splice(0)]) reject(error);
    this.ended ??= error;
  }
}

function remoteError({ message, stack, code, parts }: RemoteError): Error {
  if (parts) return new InputError(parts);
  const error = new Error(message);
  if (stack) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}
