import { parentPort } from 'node:worker_threads';
import { columnBuffers, giveBackMemory } from '@mlm/arrow/columns';
import { InputError, type MessageParts } from '@mlm/base/errors';
import type { Unit } from '../source/unit.js';
import { encoderFrom } from '../tokenizer/tokenizer.js';
import type { EncoderSource } from '../tokenizer/types.js';
import type { UnitResult } from './finished-unit.js';
import { type UnitWork, UnitWorker } from './unit-worker.js';

/**
 * What a worker thread is sent: first the work to do, then units to do it on, and memory of batches that have been
 * written.
 */
export type WorkerRequest =
  | { work: UnitWork; encoder: EncoderSource }
  | { unit: Unit }
  | { memory: ArrayBuffer[] };

/** What a worker thread answers to a unit. */
export type UnitAnswer = UnitResult | { error: RemoteError };

/** An error as it passes between threads: an InputError keeps the parts of its message. */
export interface RemoteError {
  message: string;
  stack: string | undefined;
  parts: MessageParts | undefined;
}

const port = parentPort!;
let worker: Promise<UnitWorker>;

// Units are answered in the order in which they came, one at a time: a worker holds the rows of one unit.
let last: Promise<void> = Promise.resolve();
port.on('message', (request: WorkerRequest) => {
  if ('memory' in request) giveBackMemory(request.memory);
  else if ('work' in request) {
    worker = UnitWorker.create(request.work, () => encoderFrom(request.encoder));
    // A failure is answered to the first unit.
    worker.catch(() => {});
  } else last = last.then(() => run(request.unit)).catch(answerError);
});

async function run(unit: Unit): Promise<void> {
  const result = await (await worker).run(unit);
  port.postMessage(result satisfies UnitAnswer, result.batches.flatMap(columnBuffers));
}

function answerError(error: Error): void {
  const { message, stack } = error;
  const answer: UnitAnswer = {
    error: { message, stack, parts: error instanceof InputError ? error.parts : undefined },
  };
  port.postMessage(answer);
}
