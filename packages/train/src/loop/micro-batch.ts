import type { Dataset } from '@mlm/arrow';
import { InputError, mention, say } from '@mlm/base/errors';
import { maskedShare, maskingDefaults } from '@mlm/masking';
import type { TrainerState } from '../checkpoint/state.js';
import type { DataPlan } from '../data/dataset.js';
import { freeMemory } from '../engine/free-memory.js';
import { type StepSize, stepBytes, usableShare } from '../engine/memory.js';
import type { Model } from '../models/model.js';
import type { ResolvedOptions } from './options.js';

/**
 * Rows of this run's micro-batches. A continued run keeps its size, however much memory is free now: summing in another
 * order gives different bits.
 *
 * @param run `state` is that of the run being continued
 * @throws InputError when the device's free memory is unknown or too small
 */
export async function microBatchOf(
  options: ResolvedOptions,
  run: { dataset: Dataset; plan: DataPlan; model: Model; state: TrainerState | undefined },
): Promise<number> {
  const { batchSize, microBatchSize, gradientAccumulation, device } = options;
  if (microBatchSize !== 'auto') return microBatchSize === 0 ? batchSize : microBatchSize;
  const recorded = run.state?.recipe['micro-batch-size'];
  if (typeof recorded === 'number') return recorded;
  const freeBytes = await freeMemory(device);
  if (freeBytes === undefined) {
    throw new InputError(
      say`${mention('batchSize', 'auto')}: the free memory of ${mention('device', device)} is unknown; set ${mention('microBatchSize')}`,
    );
  }
  const shape = {
    sequence: run.plan.lengths.at(-1)!,
    maskedShare: shareOf(run.plan, run.dataset),
    checkpointing: options.gradientCheckpointing,
    documents: run.plan.documents,
  };
  return chooseMicroBatch({ batchSize, gradientAccumulation, model: run.model, shape, freeBytes });
}

/** Share of a row's positions that are masked; 15 % is assumed for rows without masking metadata. */
function shareOf({ dynamicRule }: DataPlan, { metadata }: Dataset): number {
  return maskedShare(dynamicRule?.settings ?? metadata?.masking ?? maskingDefaults);
}

/** The size of a batch, how many of them a step sums, and the memory there is. */
export interface MicroBatchRequest {
  /** Rows of a batch. */
  batchSize: number;
  model: Model;
  shape: Omit<StepSize, 'rows' | 'accumulate'>;
  /** Batches summed in one optimizer step. */
  gradientAccumulation: number;
  /** Free memory in bytes. */
  freeBytes: number;
}

/**
 * Chooses the rows of a micro-batch: the batch is divided into as few parts as memory allows. All have the same size
 * except the last, which may lack fewer rows than there are parts.
 *
 * @throws InputError when not even a single row fits
 */
export function chooseMicroBatch(request: MicroBatchRequest): number {
  const { batchSize, model, shape, gradientAccumulation, freeBytes } = request;
  const budget = freeBytes * usableShare;
  const needed = (rows: number) => {
    const accumulate = gradientAccumulation > 1 || rows < batchSize;
    return stepBytes(model, { ...shape, rows, accumulate });
  };
  for (let parts = 1; parts <= batchSize; parts++) {
    const rows = Math.ceil(batchSize / parts);
    if (needed(rows) <= budget) return rows;
  }
  throw new InputError(
    say`${mention('batchSize', 'auto')}: a step of a single row of ${shape.sequence} tokens needs about ${gigabytes(needed(1))}, and ${gigabytes(freeBytes)} of memory are free; use a smaller ${mention('model')} or shorter rows`,
  );
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
