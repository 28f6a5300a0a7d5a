import { parentPort, workerData } from 'node:worker_threads';
import { InputError, openDataset } from '@mlm/arrow';
import type { Batch } from './batch.js';
import { epochBatches } from './epoch.js';
import { batchesAhead, type LoaderMessage, type LoaderTask } from './loader.js';

// A loader thread: assembles its share of an epoch's batches, at most `batchesAhead` before they are taken.
const port = parentPort!;
const task = workerData as LoaderTask;
let credit = batchesAhead;
let resume: (() => void) | undefined;
port.on('message', () => {
  credit++;
  resume?.();
});

try {
  await send(task);
  port.postMessage({ end: true } satisfies LoaderMessage);
} catch (error) {
  const message: LoaderMessage = error instanceof InputError ? { inputError: error.message } : { error };
  port.postMessage(message);
} finally {
  port.close();
}

async function send({ path, options, epoch, firstBatch, thread, threads }: LoaderTask): Promise<void> {
  const dataset = await openDataset(path);
  const wanted = (index: number) => index >= firstBatch && index % threads === thread;
  for await (const { batch } of epochBatches(dataset, options, epoch, wanted)) {
    while (credit === 0) {
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
    }
    credit--;
    port.postMessage({ batch } satisfies LoaderMessage, buffersOf(batch));
  }
  await dataset.close();
}

function buffersOf(batch: Batch): ArrayBuffer[] {
  const { input_ids, attention_mask, masked_positions, masked_labels } = batch;
  return [input_ids, attention_mask, masked_positions, masked_labels].map(
    ({ buffer }) => buffer as ArrayBuffer,
  );
}
