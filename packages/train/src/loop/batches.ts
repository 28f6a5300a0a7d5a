import type { Dataset } from '@mlm/arrow';
import type { Batch } from '../data/batch.js';
import type { DataPlan } from '../data/dataset.js';
import { loadBatches } from '../data/loader.js';

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
  from: { epoch: number; batch: number },
): AsyncGenerator<StepBatches> {
  let { epoch, batch: nextBatch } = from;
  for (; ; epoch++, nextBatch = 0) {
    let batches: Batch[] = [];
    for await (const batch of loadBatches(dataset, plan, epoch, nextBatch, threads)) {
      batches.push(batch);
      nextBatch++;
      if (batches.length < perStep && nextBatch < plan.batchesPerEpoch) continue;
      yield { batches, epoch, nextBatch };
      batches = [];
    }
  }
}
