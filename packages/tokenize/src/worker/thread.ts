import { parentPort } from 'node:worker_threads';
import { type ColumnBatch, columnBuffers, giveBackMemory, InputError } from '@mlm/arrow/columns';
import type { Unit } from '../source/unit.js';
import { tokenizerFromDefinition } from '../tokenizer/tokenizer.js';
import type { Encoder, TokenizerDefinition } from '../tokenizer/types.js';
import { type UnitWork, UnitWorker } from './unit-worker.js';

/**
 * What a worker thread is sent: first the tokenizer, then the work to do, then units to do it on, and memory of batches
 * that have been written.
 */
export type WorkerRequest =
  | { tokenizer: TokenizerDefinition }
  | { work: UnitWork }
  | { unit: Unit }
  | { memory: ArrayBuffer[] };

/** What a worker thread answers to a unit. */
export type UnitAnswer =
  | { batches: ColumnBatch[] }
  | { error: { message: string; stack: string | undefined; isInput: boolean } };

const port = parentPort!;
let encoder: () => Encoder;
let worker: Promise<UnitWorker>;

// Units are answered in the order in which they came, one at a time: a worker holds the rows of one unit.
let last: Promise<void> = Promise.resolve();
port.on('message', (request: WorkerRequest) => {
  if ('memory' in request) giveBackMemory(request.memory);
  else if ('tokenizer' in request) encoder = encoderOf(request.tokenizer);
  else if ('work' in request) {
    worker = UnitWorker.create(request.work, encoder);
    // A failure is answered to the first unit.
    worker.catch(() => {});
  } else last = last.then(() => run(request.unit)).catch(answerError);
});

/** Makes the encoder at once, while the other thread is still busy with itself; a failure is told when it is asked for. */
function encoderOf(definition: TokenizerDefinition): () => Encoder {
  try {
    const made = tokenizerFromDefinition(definition).encoder();
    return () => made;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

async function run(unit: Unit): Promise<void> {
  const batches = await (await worker).run(unit);
  port.postMessage({ batches } satisfies UnitAnswer, batches.flatMap(columnBuffers));
}

function answerError(error: Error): void {
  const { message, stack } = error;
  const answer: UnitAnswer = { error: { message, stack, isInput: error instanceof InputError } };
  port.postMessage(answer);
}
