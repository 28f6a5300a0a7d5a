import { parentPort, workerData } from 'node:worker_threads';
import { giveBackMemory, InputError, type TransferableBatch, toTransferable } from '@mlm/arrow';
import type { Unit } from '../source/unit.js';
import { type UnitWork, UnitWorker } from './unit-worker.js';

/** What a worker thread is sent: a unit to work on, or memory of batches that have been written. */
export interface WorkerRequest {
  unit?: Unit;
  memory?: ArrayBuffer[];
}

/** What a worker thread answers to a unit. */
export type UnitAnswer =
  | { batches: TransferableBatch[] }
  | { error: { message: string; stack: string | undefined; isInput: boolean } };

const port = parentPort!;
const worker = UnitWorker.create(workerData as UnitWork);
// A failure is answered to the first unit.
worker.catch(() => {});

// Units are answered in the order in which they came, one at a time: a worker holds the rows of one unit.
let last: Promise<void> = Promise.resolve();
port.on('message', ({ unit, memory }: WorkerRequest) => {
  if (memory) giveBackMemory(memory);
  if (!unit) return;
  last = last
    .then(() => run(unit))
    .catch((error: Error) => {
      const { message, stack } = error;
      const answer: UnitAnswer = { error: { message, stack, isInput: error instanceof InputError } };
      port.postMessage(answer);
    });
});

async function run(unit: Unit): Promise<void> {
  const batches = await (await worker).run(unit);
  const messages = batches.map(toTransferable);
  const answer: UnitAnswer = { batches: messages.map(({ message }) => message) };
  port.postMessage(
    answer,
    messages.flatMap(({ transfer }) => transfer),
  );
}
