import { parentPort } from 'node:worker_threads';
import { columnBuffers, giveBackMemory, ownColumns } from '@mlm/arrow/columns';
import { encoderFrom } from '../encoder/source.js';
import type { Unit } from '../source/unit.js';
import type { EncoderSource } from '../tokenizer/types.js';
import type { EncodedResult, UnitResult } from './finished-unit.js';
import { type BatchPosition, HELD_UNITS, HeldBatches } from './held-batches.js';
import type { Started } from './message-thread.js';
import { type RemoteError, toRemoteError } from './remote-error.js';
import { type UnitWork, UnitWorker } from './unit-worker.js';

/**
 * Messages to a worker thread: first the work, then units; where to write a batch that it holds; memory to reuse; and
 * that no more units follow.
 */
export type WorkerRequest =
  | { work: UnitWork; encoder: EncoderSource; writes: boolean }
  | { unit: Unit }
  | { write: BatchPosition }
  | { memory: ArrayBuffer[] }
  | { isLast: true };

/** A worker thread's answer to a unit or to `write`; to its work, once it is set up, it answers `Started`. */
export type WorkerAnswer = UnitResult | EncodedResult | { error: RemoteError } | WriteAnswer;

/** Answers come in the order of the requests. */
export interface WriteAnswer {
  written: BatchPosition;
  error?: RemoteError;
}

const port = parentPort!;
let worker: Promise<UnitWorker>;
let held: HeldBatches | undefined;
const units: Unit[] = [];
let isBusy = false;
/** Whether the last unit has arrived. */
let isLast = false;
/** Writes that have not been answered. */
let writes = 0;

port.on('message', (request: WorkerRequest) => {
  if ('memory' in request) giveBackMemory(request.memory);
  else if ('write' in request) write(request.write);
  else if ('unit' in request) units.push(request.unit);
  else if ('isLast' in request) isLast = true;
  else {
    if (request.writes) held = new HeldBatches();
    worker = UnitWorker.create(request.work, () => encoderFrom(request.encoder), held && HELD_UNITS);
    const started = () => post({ started: true });
    // The first unit is answered with the failure.
    worker.then(started, started);
  }
  next();
});

/** Runs units one at a time, in the order in which they arrived. The thread ends once all are done and written. */
function next(): void {
  if (isBusy) return;
  if (units.length === 0) {
    if (isLast && writes === 0 && (held === undefined || held.isEmpty)) port.close();
    return;
  }
  isBusy = true;
  run(units.shift()!)
    .catch((error: Error) => post({ error: toRemoteError(error) }))
    .finally(() => {
      // Messages that arrived meanwhile, such as where to write, come first.
      setImmediate(() => {
        isBusy = false;
        next();
      });
    });
}

async function run(unit: Unit): Promise<void> {
  // While the rows of earlier units wait for their place, this one is read and tokenized.
  const { batches, skipped } = await (await worker).run(unit, () => held?.room());
  if (held) {
    post({ encoded: held.encode(unit.number, batches), skipped });
  } else {
    const own = batches.map(ownColumns);
    post({ batches: own, skipped }, own.flatMap(columnBuffers));
  }
}

async function write(to: BatchPosition): Promise<void> {
  writes++;
  try {
    await held!.write(to);
    post({ written: to });
  } catch (error) {
    post({ written: to, error: toRemoteError(error as Error) });
  }
  writes--;
  next();
}

function post(answer: WorkerAnswer | Started, transfer: ArrayBuffer[] = []): void {
  port.postMessage(answer, transfer);
}
