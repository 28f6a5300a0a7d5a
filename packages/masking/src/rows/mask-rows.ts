import type { BatchPlace, ColumnMemory, ListColumn, MaskedColumns } from '@mlm/arrow/columns';
import { InputError } from '@mlm/base/errors';
import { type Key, keyWords, LAST_EPOCH } from '../random/counter.js';
import { givenDraws, type Uniforms } from '../random/given.js';
import { kernelDraws } from '../random/kernel.js';
import type { MaskingRule } from '../rule.js';
import { applyRule, type MaskedRows } from './apply.js';
import { copyRows, restoreOriginals } from './originals.js';
import { consecutiveRows, type RowPlaces } from './places.js';

/**
 * Masks rows of token ids.
 * @param column one row per sequence, with its special tokens, row i = `values[offsets[i] .. offsets[i + 1])`; left
 *   unchanged.
 * @param places the rows' places in the dataset: one for consecutive rows of a unit, or one per row.
 * @param epoch 0 for static masking; each epoch draws new masks.
 * @throws InputError when the epoch or an id is out of range.
 *
 * @example
 * ```ts
 * import { maskingDefaults, maskingRule, maskRows } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const rule = maskingRule(await loadTokenizer(), maskingDefaults);
 * const input_ids = { values: Int32Array.of(101, 7592, 2088, 102), offsets: Int32Array.of(0, 4) };
 * const { labels } = maskRows(input_ids, rule, { unit: 0, firstRow: 0, split: 'train' });
 * ```
 */
export function maskRows(
  column: ListColumn<Int32Array>,
  rule: MaskingRule,
  places: BatchPlace | RowPlaces,
  epoch = 0,
): MaskedRows {
  return maskRowsInPlace(copyRows(column), rule, places, epoch);
}

/**
 * {@link maskRows} in place: masked ids overwrite the originals, which saves a copy.
 * @param countsMaskable whether the result tells how many positions are not protected. Default: false.
 * @param memory where the column's values lie, if that is a worker's memory for a batch. The other columns are added to
 *   it, and share the column's offsets. Default: they are arrays of their own.
 *
 * @example
 * ```ts
 * import { maskingDefaults, maskingRule, maskRowsInPlace } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const rule = maskingRule(await loadTokenizer(), maskingDefaults);
 * const input_ids = { values: Int32Array.of(101, 7592, 2088, 102), offsets: Int32Array.of(0, 4) };
 * const { labels } = maskRowsInPlace(input_ids, rule, { unit: 0, firstRow: 0, split: 'train' });
 * ```
 */
export function maskRowsInPlace(
  column: ListColumn<Int32Array>,
  rule: MaskingRule,
  places: BatchPlace | RowPlaces,
  epoch = 0,
  countsMaskable = false,
  memory?: ColumnMemory,
): MaskedRows {
  checkEpoch(epoch, rule.settings.dupe_factor ?? 1);
  const rows = 'firstRow' in places ? consecutiveRows(places, column.offsets.length - 1) : places;
  return applyRule(column, rule, rows, epoch, kernelDraws(keyOf(rule)), countsMaskable, memory);
}

/**
 * Masks rows with given uniform numbers instead of the rule's seed: one of each kind for every id of the column's rows.
 * @throws InputError when the epoch or an id is out of range.
 *
 * @example
 * ```ts
 * import { maskingDefaults, maskingRule, maskWithUniforms } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const rule = maskingRule(await loadTokenizer(), maskingDefaults);
 * const input_ids = { values: Int32Array.of(101, 7592, 2088, 102), offsets: Int32Array.of(0, 4) };
 * const masked = maskWithUniforms(input_ids, rule, { select: [0.9, 0.1, 0.9, 0.9] }); // masks 7592
 * ```
 */
export function maskWithUniforms(
  column: ListColumn<Int32Array>,
  rule: MaskingRule,
  uniforms: Uniforms,
): MaskedRows {
  const nowhere = consecutiveRows({ unit: 0, firstRow: 0, split: 'train' }, column.offsets.length - 1);
  return applyRule(copyRows(column), rule, nowhere, 0, givenDraws(uniforms));
}

/**
 * Masks rows again for another epoch or with another rule, with the result of `maskRows` on their originals.
 *
 * @example
 * ```ts
 * import { maskingDefaults, maskingRule, maskRows, remaskRows } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const rule = maskingRule(await loadTokenizer(), maskingDefaults);
 * const input_ids = { values: Int32Array.of(101, 7592, 2088, 102), offsets: Int32Array.of(0, 4) };
 * const first = maskRows(input_ids, rule, { unit: 0, firstRow: 0, split: 'train' });
 * const second = remaskRows(first, rule, { unit: 0, firstRow: 0, split: 'train' }, 1);
 * ```
 */
export function remaskRows(
  masked: Pick<MaskedColumns, 'input_ids' | 'labels'>,
  rule: MaskingRule,
  places: BatchPlace | RowPlaces,
  epoch: number,
): MaskedRows {
  return maskRowsInPlace(restoreOriginals(masked), rule, places, epoch);
}

export function keyOf({ settings }: MaskingRule): Key {
  return keyWords(settings.seed, settings.stream_number);
}

function checkEpoch(epoch: number, copies: number): void {
  const last = Math.floor((LAST_EPOCH + 1) / copies) - 1;
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > last) {
    throw new InputError(`epoch ${epoch}: expected a whole number from 0 to ${last}`);
  }
}
