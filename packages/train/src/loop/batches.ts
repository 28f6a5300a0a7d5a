import type { Dataset } from '@mlm/arrow';
import type { Batch } from '../data/batch.js';
import type { DataPlan } from '../data/dataset.js';
import { type DataPosition, loadBatches } from '../data/loader.js';

/** The batches of one optimizer step, and where the step after it begins. */
export interface StepBatches {
  batches: Batch[];
  epoch: number;
  /** Batches of this epoch that are used up after this step. */
  nextBatch: number;
}

/**
 * The batches of every optimizer step from a place on, epoch after epoch, without end. The last step of an epoch has
 * fewer batches where their number is no multiple of `perStep`.
 */
export async function* stepBatches(
  dataset: Dataset,
  plan: DataPlan,
  perStep: number,
  threads: number,
  from: DataPosition,
): AsyncGenerator<StepBatches> {
  let { epoch, batch: nextBatch } = from;
  let batches: Batch[] = [];
  for await (const batch of loadBatches(dataset, plan, { from, epochs: Number.POSITIVE_INFINITY, threads })) {
    if (nextBatch === plan.batchesPerEpoch) {
      epoch++;
      nextBatch = 0;
    }
    batches.push(batch);
    nextBatch++;
    if (batches.length < perStep && nextBatch < plan.batchesPerEpoch) continue;
    yield { batches, epoch, nextBatch };
    batches = [];
  }
}
