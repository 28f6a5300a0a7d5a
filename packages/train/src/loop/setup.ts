import { checkDataset, type Dataset, openDataset, type TokenizerMetadata } from '@mlm/arrow';
import type { Snapshot } from '../checkpoint/run-folder.js';
import { type OpenedData, openData, tokenizerOf } from './open-data.js';
import { type OpenedModel, openModel } from './open-model.js';
import type { ResolvedOptions } from './options.js';
import { planRun, type RunPlan } from './plan-run.js';

/** Everything a run needs before its first step. */
export interface Setup extends OpenedModel, Omit<OpenedData, 'microBatchSize'>, RunPlan {
  dataset: Dataset;
  tokenizer: TokenizerMetadata;
}

/**
 * Opens dataset and model, and checks that they match.
 *
 * @param resumed snapshot of the run being continued, whose model is used whatever that run began with
 */
export async function setUp(options: ResolvedOptions, resumed?: Snapshot): Promise<Setup> {
  const dataset = await openDataset(options.dataset);
  try {
    await checkDataset(dataset);
    const tokenizer = tokenizerOf(dataset, options.tokenizer);
    const opened = await openModel(options, tokenizer, resumed?.checkpoint);
    const { model } = opened.checkpoint;
    const { microBatchSize, ...data } = await openData(dataset, options, tokenizer, model, resumed?.state);
    const run = planRun(options, data.plan, microBatchSize);
    const plan = { ...data.plan, epochs: run.schedule.totalSteps / run.stepsPerEpoch };
    return { dataset, tokenizer, ...opened, ...data, plan, ...run };
  } catch (error) {
    await dataset.close();
    throw error;
  }
}
