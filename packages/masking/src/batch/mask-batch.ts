import {
  type BatchPlace,
  type DatasetDescription,
  describeBatches,
  descriptionOf,
  type ListColumn,
  listColumn,
  maskedBatch,
  placeOf,
  tokenBatch,
} from '@mlm/arrow';
import { defined } from '@mlm/base/defined';
import { InputError } from '@mlm/base/errors';
import type { RecordBatch } from 'apache-arrow';
import type { MaskedRows } from '../rows/apply.js';
import { maskRows, remaskRows } from '../rows/mask-rows.js';
import { repeatRows, restoreOriginals } from '../rows/originals.js';
import { formatVersion, type MaskingRule } from '../rule.js';

/**
 * Masks a token batch.
 * @param batch has the column `input_ids: list<int32>`; left unchanged.
 * @param epoch 0 for static masking; each epoch draws new masks.
 * @param place the rows' place in the dataset; default: the one that the batch itself states.
 * @returns `input_ids: list<int32>, labels: list<int32>, attention_mask: list<int8>` and the batch's `document_starts`,
 *   if it has them: one row for each input row, or `dupe_factor` of them.
 * @throws InputError when ids or place are missing or out of range.
 *
 * @example
 * ```ts
 * import { openDataset } from '@mlm/arrow';
 * import { maskBatch, maskingDefaults, maskingRule } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const rule = maskingRule(await loadTokenizer(), maskingDefaults);
 * const dataset = await openDataset('tokens.arrow');
 * const masked = maskBatch(await dataset.batch(0), rule);
 * ```
 */
export function maskBatch(
  batch: RecordBatch,
  rule: MaskingRule,
  epoch = 0,
  place: BatchPlace = requirePlace(batch),
): RecordBatch {
  const { dupe_factor = 1 } = rule.settings;
  const rows = repeatRows(listColumn(batch, 'input_ids'), dupe_factor);
  const repeated = { ...place, firstRow: place.firstRow * dupe_factor };
  const masked = maskRows(rows, rule, repeated, epoch);
  const starts = documentStarts(batch);
  return toBatch(masked, batch, rule, repeated, starts && repeatRows(starts, dupe_factor));
}

/**
 * Masks a masked batch again, with the result of `maskBatch` on the original ids in that epoch. Epoch 0 with the
 * batch's own rule reproduces the same bytes.
 * @param batch has `input_ids` and `labels`; left unchanged.
 * @param epoch a whole number from 0.
 * @param place the rows' place in the dataset; default: the one that the batch itself states.
 * @throws InputError when epoch, ids or place are missing or out of range.
 *
 * @example
 * ```ts
 * import { openDataset } from '@mlm/arrow';
 * import { maskingDefaults, maskingRule, remask } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const rule = maskingRule(await loadTokenizer(), maskingDefaults);
 * const dataset = await openDataset('out.arrow');
 * const secondEpoch = remask(await dataset.batch(0), rule, 1);
 * ```
 */
export function remask(
  batch: RecordBatch,
  rule: MaskingRule,
  epoch: number,
  place: BatchPlace = requirePlace(batch),
): RecordBatch {
  const masked = remaskRows(maskedColumns(batch), rule, place, epoch);
  return toBatch(masked, batch, rule, place, documentStarts(batch));
}

/**
 * Restores the token batch (`input_ids: list<int32>`) that a masked batch was made from.
 *
 * @example
 * ```ts
 * import { openDataset } from '@mlm/arrow';
 * import { unmask } from '@mlm/masking';
 *
 * const dataset = await openDataset('out.arrow');
 * const tokens = unmask(await dataset.batch(0));
 * ```
 */
export function unmask(batch: RecordBatch): RecordBatch {
  return tokenBatch(restoreOriginals(maskedColumns(batch)), placeOf(batch), documentStarts(batch));
}

/** Carries over the batch's place, counts and description, and adds the masked tokens and the rule. */
function toBatch(
  masked: MaskedRows,
  original: RecordBatch,
  rule: MaskingRule,
  place: BatchPlace,
  document_starts: ListColumn<Int32Array> | undefined,
): RecordBatch {
  const counts = { ...place.counts, tokens: masked.tokens, selected: masked.masked };
  const batch = maskedBatch({ ...masked, ...defined({ document_starts }) }, { ...place, counts });
  return describeMasked(batch, original, rule);
}

function documentStarts(batch: RecordBatch): ListColumn<Int32Array> | undefined {
  const has = batch.schema.fields.some(({ name }) => name === 'document_starts');
  return has ? listColumn(batch, 'document_starts') : undefined;
}

function maskedColumns(batch: RecordBatch) {
  return { input_ids: listColumn(batch, 'input_ids'), labels: listColumn(batch, 'labels') };
}

function requirePlace(batch: RecordBatch): BatchPlace {
  const place = placeOf(batch);
  if (place) return place;
  throw new InputError(
    'this record batch does not state the place of its rows; pass { unit, firstRow, split } as well',
  );
}

/** All batches of a stream share one description and one rule: the text of the last pair is kept. */
let last:
  | { description: DatasetDescription; rule: MaskingRule; describe: (batch: RecordBatch) => RecordBatch }
  | undefined;

/** Gives the masked batch its original's description of the dataset, and the rule. */
function describeMasked(masked: RecordBatch, original: RecordBatch, rule: MaskingRule): RecordBatch {
  const description = descriptionOf(original);
  if (!description) return masked;
  if (last?.description !== description || last.rule !== rule) {
    const describe = describeBatches({
      ...description,
      format_version: Math.max(description.format_version, formatVersion(rule.settings)) as 1 | 2,
      masking: rule.settings,
    });
    last = { description, rule, describe };
  }
  return last.describe(masked);
}
