import { parentPort, workerData } from 'node:worker_threads';
import { openDataset } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import type { Batch } from './batch.js';
import {
  assembledBatches,
  batchesPerMessage,
  type LoaderMessage,
  type LoaderTask,
  messagesAhead,
} from './loader.js';

// A loader thread: assembles its share of an epoch's batches, at most `messagesAhead` messages in advance.
const port = parentPort!;
const task = workerData as LoaderTask;
let credit = messagesAhead;
let resume: (() => void) | undefined;
port.on('message', () => {
  credit++;
  resume?.();
});

try {
  await assembleAll();
  port.postMessage({ end: true } satisfies LoaderMessage);
} catch (error) {
  const message: LoaderMessage = error instanceof InputError ? { inputError: error.parts } : { error };
  port.postMessage(message);
} finally {
  port.close();
}

async function assembleAll(): Promise<void> {
  const dataset = await openDataset(task.path);
  let batches: Batch[] = [];
  for await (const batch of assembledBatches(dataset, task)) {
    if (batches.push(batch) < batchesPerMessage) continue;
    await send(batches);
    batches = [];
  }
  await send(batches);
  await dataset.close();
}

async function send(batches: Batch[]): Promise<void> {
  while (credit === 0) {
    await new Promise<void>((resolve) => {
      resume = resolve;
    });
  }
  credit--;
  const buffers = batches.map(({ input_ids }) => input_ids.buffer as ArrayBuffer);
  port.postMessage({ batches } satisfies LoaderMessage, buffers);
}
