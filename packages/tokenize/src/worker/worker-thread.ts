import { Worker } from 'node:worker_threads';
import { InputError } from '@mlm/base/errors';
import { entryPoint } from '@mlm/base/spawn';
import type { Unit } from '../source/unit.js';
import type { Tokenizer } from '../tokenizer/types.js';
import type { FinishedUnit } from './finished-unit.js';
import type { RemoteError, UnitAnswer, WorkerRequest } from './thread.js';
import type { UnitWork } from './unit-worker.js';

const THREAD = entryPoint(import.meta.url, './thread.js');

interface WaitingUnit {
  resolve(finished: FinishedUnit): void;
  reject(error: Error): void;
}

/** A worker thread as the thread sees it that gives it units: their results arrive in the order in which they were given. */
export class WorkerThread {
  private readonly worker = new Worker(THREAD);
  private readonly waiting: WaitingUnit[] = [];
  /** Requests made before the thread was told its work. */
  private unsent: { request: WorkerRequest; transfer: ArrayBuffer[] }[] | undefined = [];

  constructor(tokenizer: Tokenizer, work: UnitWork) {
    this.worker.on('message', (answer: UnitAnswer) => {
      const next = this.waiting.shift();
      if ('batches' in answer) next?.resolve({ ...answer, giveBack: this.giveBack });
      else next?.reject(remoteError(answer.error));
    });
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', (code) => this.fail(new Error(`a worker thread ended (exit code ${code})`)));
    // To set an encoder up keeps this thread busy: first let all threads start that are about to.
    setImmediate(() => this.begin(tokenizer, work));
  }

  /** Units given and not finished. */
  get pending(): number {
    return this.waiting.length;
  }

  run(unit: Unit): Promise<FinishedUnit> {
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

  private begin(tokenizer: Tokenizer, work: UnitWork): void {
    const unsent = this.unsent ?? [];
    this.unsent = undefined;
    try {
      this.send({ work, encoder: tokenizer.encoderSource() });
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

  private fail(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

function remoteError({ message, stack, parts }: RemoteError): Error {
  if (parts) return new InputError(parts);
  const error = new Error(message);
  if (stack) error.stack = stack;
  return error;
}
