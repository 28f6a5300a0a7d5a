import type { Dataset } from '@mlm/arrow';
import type { Batch } from '../data/batch.js';
import type { DataPlan } from '../data/dataset.js';
import { type DataPosition, loadBatches } from '../data/loader.js';

/** The batches of one optimizer step, and where the next step begins. */
export interface StepBatches {
  batches: Batch[];
  epoch: number;
  /** Batches of this epoch that are used up after this step. */
  nextBatch: number;
}

/**
 * Yields the batches of each optimizer step from a given place, epoch after epoch, without end. Opening it loads those
 * of the first step, which brings faults in the data to light.
 */
export class StepSource {
  #first: StepBatches | undefined;

  private constructor(
    private readonly steps: AsyncGenerator<StepBatches, undefined>,
    first: StepBatches,
  ) {
    this.#first = first;
  }

  static async open(
    dataset: Dataset,
    plan: DataPlan,
    options: { gradientAccumulation: number; loaderThreads: number },
    from: DataPosition,
  ): Promise<StepSource> {
    const steps = stepBatches(dataset, plan, options.gradientAccumulation, options.loaderThreads, from);
    const { value } = await steps.next();
    return new StepSource(steps, value!);
  }

  async next(): Promise<StepBatches> {
    const first = this.#first;
    this.#first = undefined;
    return first ?? (await this.steps.next()).value!;
  }

  async close(): Promise<void> {
    await this.steps.return(undefined);
  }
}

/** The last step of an epoch has fewer batches if their number is no multiple of `perStep`. */
async function* stepBatches(
  dataset: Dataset,
  plan: DataPlan,
  perStep: number,
  threads: number,
  from: DataPosition,
): AsyncGenerator<StepBatches, undefined> {
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
  return undefined;
}
