import { type Dataset, type ListColumn, listColumn } from '@mlm/arrow';
import { call, InputError, mention, say } from '@mlm/base/errors';
import { type MaskingRule, maskRows, placesOfRows, remaskRows, restoreOriginals } from '@mlm/masking';
import type { Row } from './batch.js';

/** How to read a dataset's rows. */
export interface RowOptions {
  /** Draws new masks for the epoch with this rule; without it the stored labels stay. */
  remask?: { rule: MaskingRule; epoch: number };
  /** With `remask`: restores the original ids instead, for rows that are masked with their batch. */
  restore?: boolean;
}

/**
 * Reads the rows of one record batch, without trailing padding, as views of its buffers. `firstRow` is the number of
 * its first row in the dataset.
 */
export async function readRows(
  dataset: Dataset,
  batchIndex: number,
  firstRow: number,
  options: RowOptions,
): Promise<Row[]> {
  const batch = await dataset.batch(batchIndex);
  const has = (name: string) => batch.schema.fields.some((field) => field.name === name);
  let ids = listColumn(batch, 'input_ids');
  let labels = has('labels') ? listColumn(batch, 'labels') : undefined;
  let attention = has('attention_mask') ? listColumn(batch, 'attention_mask') : undefined;
  let placeOf: (row: number) => Row['place'] = () => undefined;
  if (options.remask) {
    const { rule, epoch } = options.remask;
    const rowsPerUnit = dataset.metadata?.rows_per_unit ?? [];
    const split = dataset.metadata?.split ?? 'train';
    const indices = Float64Array.from({ length: batch.numRows }, (_, row) => firstRow + row);
    const places = placesOfRows(rowsPerUnit.length > 0 ? rowsPerUnit : [dataset.rows], indices, split);
    const masked = namingFile(dataset.path, () =>
      labels
        ? remaskRows({ input_ids: ids, labels }, rule, places, epoch)
        : maskRows(ids, rule, places, epoch),
    );
    ids = options.restore ? restoreOriginals(masked) : masked.input_ids;
    if (options.restore) placeOf = (row) => ({ unit: places.units[row]!, row: places.rows[row]! });
    labels = masked.labels;
    attention = masked.attention_mask;
  }
  if (!labels) throw unmasked(dataset.path);
  const documents = has('document_starts') ? listColumn(batch, 'document_starts') : undefined;
  refuseUnlikeLengths(batch.numRows, ids, [labels, attention], dataset.path);
  const { values: input_ids, offsets } = ids;
  const padded = attention && !attendsToAll(attention) ? attention : undefined;
  if (padded) refuseOtherThanMask(padded, dataset.path);
  const attention_mask = padded && alignedTo(offsets, padded);
  const rowLabels = alignedTo(offsets, labels);
  const rows: Row[] = new Array(batch.numRows);
  for (let row = 0; row < batch.numRows; row++) {
    const start = offsets[row]!;
    let length = offsets[row + 1]! - start;
    if (attention_mask) {
      while (length > 1 && attention_mask[start + length - 1] === 0) length--;
    }
    // Named one by one: spreading an object would cost more than all the rest of a row.
    const document_starts = documents && documentStarts(documents, row, length, dataset.path);
    const place = placeOf(row);
    rows[row] = { input_ids, labels: rowLabels, attention_mask, document_starts, place, start, length };
  }
  return rows;
}

/** @throws InputError for a row whose documents do not begin at ascending positions from 0, within its tokens */
function documentStarts(
  { values, offsets }: ListColumn<Int32Array>,
  row: number,
  length: number,
  path: string,
): Int32Array {
  const starts = values.subarray(offsets[row], offsets[row + 1]);
  let isSound = starts[0] === 0 && starts[starts.length - 1]! < length;
  for (let i = 1; i < starts.length; i++) isSound &&= starts[i]! > starts[i - 1]!;
  if (isSound) return starts;
  throw new InputError(
    `${path}: document_starts of a row of ${length} tokens holds ${starts.join(', ') || 'nothing'}, expected ascending positions from 0`,
  );
}

/** Masking refuses ids that the tokenizer does not have, but cannot name the file. */
function namingFile<T>(path: string, mask: () => T): T {
  try {
    return mask();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      say`${path}: ${error.parts}; name the tokenizer that made it with ${mention('tokenizer')}`,
    );
  }
}

/** A column's values, arranged so that its rows begin at `offsets`; copied only if batches were sliced unevenly. */
function alignedTo<T extends Int32Array | Int8Array>(offsets: Int32Array, column: ListColumn<T>): T {
  const first = offsets[0]!;
  if (column.offsets[0] === first) return column.values;
  const end = offsets[offsets.length - 1]!;
  const aligned = column.values instanceof Int8Array ? new Int8Array(end) : new Int32Array(end);
  aligned.set(column.values.subarray(column.offsets[0], column.offsets.at(-1)), first);
  return aligned as T;
}

function refuseUnlikeLengths(
  rows: number,
  { offsets }: ListColumn<Int32Array>,
  others: readonly (ListColumn<Int32Array | Int8Array> | undefined)[],
  path: string,
): void {
  for (let row = 0; row < rows; row++) {
    const length = offsets[row + 1]! - offsets[row]!;
    for (const other of others) {
      const found = other ? other.offsets[row + 1]! - other.offsets[row]! : length;
      if (found === length) continue;
      throw new InputError(
        `${path}: a row has ${length} input_ids and ${found} labels or attention_mask values, expected the same number of each`,
      );
    }
  }
}

function refuseOtherThanMask({ values, offsets }: ListColumn<Int8Array>, path: string): void {
  const end = offsets[offsets.length - 1]!;
  for (let at = offsets[0]!; at < end; at++) {
    const value = values[at]!;
    if (value === 0 || value === 1) continue;
    throw new InputError(`${path}: attention_mask holds ${value}, expected 0 (padding) or 1 (a token)`);
  }
}

/** Whether a mask has no zero, checked four values at a time. */
function attendsToAll({ values, offsets }: ListColumn<Int8Array>): boolean {
  let at = offsets[0]!;
  const end = offsets[offsets.length - 1]!;
  while (at < end && (values.byteOffset + at) % 4 !== 0) if (values[at++] !== 1) return false;
  const words = new Int32Array(values.buffer, values.byteOffset + at, (end - at) >> 2);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0x01010101) return false;
  for (at += 4 * words.length; at < end; at++) if (values[at] !== 1) return false;
  return true;
}

export const unmasked = (path: string) =>
  new InputError(
    say`${path}: has no column "labels"; mask it with ${call('preprocess')}, or train with ${mention('masking', 'dynamic')}`,
  );
