import type { Dataset, TokenizerMetadata } from '@mlm/arrow';
import { checkTokenizerFiles } from '@mlm/base';
import { InputError, mention, say } from '@mlm/base/errors';
import type { MaskingRule } from '@mlm/masking';
import { dynamicSettings } from '@mlm/masking/options';
import type { TrainerState } from '../checkpoint/state.js';
import { datasetHash } from '../data/content.js';
import {
  type DataPlan,
  dynamicRule,
  hasLabels,
  planData,
  refuseMisfit,
  refuseUnmasked,
} from '../data/dataset.js';
import type { Model } from '../models/model.js';
import { microBatchOf } from './micro-batch.js';
import type { ResolvedOptions } from './options.js';

/** A dataset's rows, planned for a run. */
export interface OpenedData {
  plan: DataPlan;
  /** A hash that identifies the dataset. */
  content: string;
  /** Rows of a batch that the engine computes at once. */
  microBatchSize: number;
  /** The validation part, if there is one and it has rows. */
  validation: { dataset: Dataset; plan: DataPlan } | undefined;
}

/** @throws InputError when neither the dataset nor the options name the tokenizer that made the rows */
export function tokenizerOf(dataset: Dataset, given: TokenizerMetadata | undefined): TokenizerMetadata {
  const carried = dataset.metadata?.tokenizer;
  const tokenizer = given ?? (carried && Object.keys(carried.files).length > 0 ? carried : undefined);
  if (!tokenizer) {
    throw new InputError(
      say`${dataset.path}: ${carried ? 'does not include its tokenizer' : 'does not say which tokenizer made it'}; name it with ${mention('tokenizer')}`,
    );
  }
  checkTokenizerFiles(tokenizer.files, dataset.path);
  return tokenizer;
}

/**
 * Plans the batches of a dataset and of its validation part for a model.
 *
 * @param state the state of the run being continued
 * @throws InputError when the rows have no masks and none are to be drawn, or when they do not match the model
 */
export async function openData(
  dataset: Dataset,
  options: ResolvedOptions,
  tokenizer: TokenizerMetadata,
  model: Model,
  state?: TrainerState,
): Promise<OpenedData> {
  const { batchSize, seed, patience } = options;
  const rule = await maskingOf(dataset, options, tokenizer);
  refuseUnmasked(dataset, rule);
  const common = { batchSize, tokenizer, vocabularySize: model.limits.vocabulary };
  const plan = await planData(dataset, { ...common, shuffleSeed: seed, dynamicRule: rule });
  refuseMisfit(options.dataset, tokenizer, plan, model);
  const microBatchSize = await microBatchOf(options, { dataset, plan, model, state });
  const validation = await planValidation(dataset, { ...common, batchSize: microBatchSize }, rule);
  if (validation) refuseMisfit(validation.dataset.path, tokenizer, validation.plan, model);
  else if (patience > 0) {
    throw new InputError(
      say`${options.dataset}: has no validation rows, which ${mention('patience')} needs; preprocess with ${mention('evalFraction')}`,
    );
  }
  return { plan, content: await datasetHash(dataset), microBatchSize, validation };
}

/** The rule that draws new masks in each epoch, if the options ask for it. */
async function maskingOf(
  dataset: Dataset,
  options: ResolvedOptions,
  tokenizer: TokenizerMetadata,
): Promise<MaskingRule | undefined> {
  if (options.masking === 'dynamic')
    return dynamicRule(dataset, tokenizer, options.seed, dynamicSettings(options));
  return undefined;
}

/** Validation rows keep their masks, so that results are comparable; rows without masks get them once. */
async function planValidation(
  { validation: dataset }: Dataset,
  options: Parameters<typeof planData>[1],
  rule: MaskingRule | undefined,
): Promise<OpenedData['validation']> {
  if (!dataset || dataset.rows === 0) return undefined;
  const dynamicRule = hasLabels(dataset) ? undefined : rule;
  refuseUnmasked(dataset, dynamicRule);
  return { dataset, plan: await planData(dataset, { ...options, dynamicRule }) };
}
