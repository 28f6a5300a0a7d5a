import { type Dataset, listColumn, type TokenizerMetadata } from '@mlm/arrow';
import { InputError, mention, say } from '@mlm/base/errors';
import {
  type MaskingRule,
  type MaskingSettings,
  maskingDefaults,
  maskingRule,
  masksWords,
} from '@mlm/masking';
import type { Model } from '../models/model.js';
import type { EpochOptions } from './epoch.js';
import { batchesPerEpoch, paddedLength, paddedLengths } from './lengths.js';
import { unmasked } from './rows.js';

/** How a dataset is divided into batches, and the consequences. */
export interface DataPlan extends EpochOptions {
  batchesPerEpoch: number;
  /** Whether rows keep their documents apart. */
  documents: boolean;
  /** Rows of the dataset. */
  rows: number;
}

/** What {@link planData} needs to know. */
export interface DataPlanOptions {
  /** Rows in a batch. */
  batchSize: number;
  /** The tokenizer that produced the ids. */
  tokenizer: TokenizerMetadata;
  /** Number of ids in the model's vocabulary; a batch with other ids is an `InputError`. */
  vocabularySize: number;
  /** Shuffles the rows, differently in each epoch; without a seed they keep their order. */
  shuffleSeed?: number | undefined;
  /** Draws new masks in each epoch; without a rule rows keep theirs. */
  dynamicRule?: MaskingRule | undefined;
}

/**
 * Reads the lengths of a dataset's rows and chooses the shapes of its batches.
 * @throws InputError when the dataset has no rows, or no longer says where documents begin
 *
 * @example
 * ```ts
 * import { openDataset } from '@mlm/arrow';
 * import { planData } from '@mlm/train';
 *
 * const dataset = await openDataset('out.arrow');
 * const { tokenizer } = dataset.metadata!;
 * const plan = await planData(dataset, { batchSize: 32, tokenizer, vocabularySize: tokenizer.vocabulary_size });
 * console.log(plan.batchesPerEpoch, plan.lengths);
 * ```
 */
export async function planData(dataset: Dataset, options: DataPlanOptions): Promise<DataPlan> {
  if (dataset.rows === 0) throw new InputError(`${dataset.path}: has no rows; preprocess more text`);
  const documents = dataset.schema.fields.some(({ name }) => name === 'document_starts');
  if (!documents && dataset.metadata?.cut.pack === 'documents')
    throw new InputError(
      `${dataset.path}: the column "document_starts", which keeps the documents of a row apart, is missing; make or copy the dataset again`,
    );
  const { batchSize } = options;
  const lengths = packedLength(dataset) ?? (await lengthHistogram(dataset));
  const padded = lengths instanceof Map ? paddedLengths(Math.max(...lengths.keys())) : [lengths];
  const rowsByLength = new Map(padded.map((length) => [length, 0]));
  if (lengths instanceof Map) {
    for (const [length, rows] of lengths) {
      const group = paddedLength(padded, length);
      rowsByLength.set(group, rowsByLength.get(group)! + rows);
    }
  } else rowsByLength.set(lengths, dataset.rows);
  const used = padded.filter((length) => rowsByLength.get(length)! > 0);
  return {
    batchSize,
    lengths: used,
    padId: options.tokenizer.special_ids.pad,
    vocabularySize: options.vocabularySize,
    shuffleSeed: options.shuffleSeed,
    dynamicRule: options.dynamicRule,
    batchesPerEpoch: batchesPerEpoch(rowsByLength.values(), batchSize),
    documents,
    rows: dataset.rows,
  };
}

/** The common length of packed rows; `undefined` if lengths differ or are unknown. */
function packedLength({ metadata }: Dataset): number | undefined {
  return metadata && !metadata.cut.line_by_line ? metadata.sequence_length : undefined;
}

/** The number of rows of each length, without trailing padding. */
async function lengthHistogram(dataset: Dataset): Promise<Map<number, number>> {
  const histogram = new Map<number, number>();
  for await (const batch of dataset) {
    const { offsets } = listColumn(batch, 'input_ids');
    const attention = batch.schema.fields.some(({ name }) => name === 'attention_mask')
      ? listColumn(batch, 'attention_mask')
      : undefined;
    for (let row = 0; row < batch.numRows; row++) {
      let length = offsets[row + 1]! - offsets[row]!;
      const start = attention?.offsets[row] ?? 0;
      while (length > 1 && attention && attention.values[start + length - 1] === 0) length--;
      histogram.set(length, (histogram.get(length) ?? 0) + 1);
    }
  }
  return histogram;
}

/**
 * The rule of dynamic masking: the dataset's own or, for rows that are not masked yet, the default.
 * @param changes overrides settings of that rule
 *
 * @example
 * ```ts
 * import { openDataset } from '@mlm/arrow';
 * import { dynamicRule } from '@mlm/train';
 *
 * const dataset = await openDataset('out.arrow');
 * const rule = await dynamicRule(dataset, dataset.metadata!.tokenizer, 42, { probability: 0.3 });
 * ```
 */
export async function dynamicRule(
  dataset: Dataset,
  tokenizer: TokenizerMetadata,
  seed: number,
  changes: Partial<MaskingSettings> = {},
): Promise<MaskingRule> {
  const settings = { ...(dataset.metadata?.masking ?? { ...maskingDefaults, seed }), ...changes };
  if (!masksWords(settings) || tokenizer.word_starts !== undefined) return maskingRule(tokenizer, settings);
  // Datasets of format version 1 do not record where words begin; their tokenizer tells.
  const { tokenizerFromDefinition } = await import('@mlm/tokenize');
  const { vocabulary_size, special_ids, protected_ids } = tokenizer;
  const { wordStarts } = tokenizerFromDefinition(tokenizer);
  const described = { vocabularySize: vocabulary_size, specialIds: special_ids, protectedIds: protected_ids };
  return maskingRule({ ...described, wordStarts }, settings);
}

/** Whether rows have labels. */
export function hasLabels({ schema }: Dataset): boolean {
  return schema.fields.some(({ name }) => name === 'labels');
}

/** @throws InputError when rows are not masked yet and no rule masks them during loading */
export function refuseUnmasked(dataset: Dataset, rule: MaskingRule | undefined): void {
  if (!rule && !hasLabels(dataset)) throw unmasked(dataset.path);
}

/** @throws InputError when the model's vocabulary or positions are too few for the dataset */
export function refuseMisfit(
  path: string,
  tokenizer: TokenizerMetadata,
  plan: DataPlan,
  { limits }: Model,
): void {
  if (tokenizer.vocabulary_size > limits.vocabulary) {
    throw new InputError(
      `${path}: its tokenizer has ${tokenizer.vocabulary_size} ids, the model only ${limits.vocabulary}; preprocess with the model's tokenizer`,
    );
  }
  const longest = plan.lengths.at(-1)!;
  if (longest > limits.positions) {
    throw new InputError(
      say`${path}: its rows have up to ${longest} tokens, the model only ${limits.positions} positions; preprocess with ${mention('sequenceLength', limits.positions)}`,
    );
  }
}
