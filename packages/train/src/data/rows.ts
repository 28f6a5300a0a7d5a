import { type Dataset, InputError, type ListColumn, listColumn } from '@mlm/arrow';
import { type MaskingRule, maskRows, placesOfRows, remaskRows } from '@mlm/masking';
import { ignoredLabel, type Row } from './batch.js';

/** How a dataset's rows are read. */
export interface RowOptions {
  /** Draws new masks for the epoch by this rule; without it the labels stay as they were written. */
  remask?: { rule: MaskingRule; epoch: number };
  /** Ids that the model knows: 0 to `vocabularySize` − 1. */
  vocabularySize: number;
  /** Whether padding at the end of rows is left out. */
  trim: boolean;
}

/** Reads the rows of one record batch as views of its buffers. `firstRow` is the number of its first row in the dataset. */
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
  if (options.remask) {
    const { rule, epoch } = options.remask;
    const rowsPerUnit = dataset.metadata?.rows_per_unit ?? [];
    const split = dataset.metadata?.split ?? 'train';
    const indices = Float64Array.from({ length: batch.numRows }, (_, row) => firstRow + row);
    const places = placesOfRows(rowsPerUnit.length > 0 ? rowsPerUnit : [dataset.rows], indices, split);
    const masked = labels
      ? remaskRows({ input_ids: ids, labels }, rule, places, epoch)
      : maskRows(ids, rule, places, epoch);
    ids = masked.input_ids;
    labels = masked.labels;
    attention = masked.attention_mask;
  }
  if (!labels) {
    throw new InputError(
      `${dataset.path}: has no column "labels"; mask it with mlm preprocess, or train with --masking dynamic`,
    );
  }
  refuseForeignIds(ids, options.vocabularySize, dataset.path);
  refuseForeignIds(labels, options.vocabularySize, dataset.path);
  refuseUnlikeLengths(batch.numRows, ids, [labels, attention], dataset.path);
  const attended = attention && !attendsToAll(attention) ? attention : undefined;
  const rows: Row[] = new Array(batch.numRows);
  for (let row = 0; row < batch.numRows; row++) {
    rows[row] = rowAt(row, ids, labels, attended, options.trim);
  }
  return rows;
}

function rowAt(
  row: number,
  ids: ListColumn<Int32Array>,
  labels: ListColumn<Int32Array>,
  attention: ListColumn<Int8Array> | undefined,
  trim: boolean,
): Row {
  const start = ids.offsets[row]!;
  let length = ids.offsets[row + 1]! - start;
  const labelStart = labels.offsets[row]!;
  let attention_mask: Int8Array | undefined;
  if (attention) {
    const from = attention.offsets[row]!;
    if (trim) while (length > 1 && attention.values[from + length - 1] === 0) length--;
    attention_mask = attention.values.subarray(from, from + length);
  }
  return {
    input_ids: ids.values.subarray(start, start + length),
    labels: labels.values.subarray(labelStart, labelStart + length),
    ...(attention_mask && { attention_mask }),
  };
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

/** Whether a mask has no zero, looked for four at a time. */
function attendsToAll({ values, offsets }: ListColumn<Int8Array>): boolean {
  let at = offsets[0]!;
  const end = offsets[offsets.length - 1]!;
  while (at < end && (values.byteOffset + at) % 4 !== 0) if (values[at++] !== 1) return false;
  const words = new Int32Array(values.buffer, values.byteOffset + at, (end - at) >> 2);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0x01010101) return false;
  for (at += 4 * words.length; at < end; at++) if (values[at] !== 1) return false;
  return true;
}

/** An engine would read beyond the embeddings, and need not notice. */
function refuseForeignIds(
  { values, offsets }: ListColumn<Int32Array>,
  vocabularySize: number,
  path: string,
): void {
  const end = offsets[offsets.length - 1]!;
  const last = vocabularySize - 1;
  // The sign bit of `foreign` tells, without a branch, which would be mispredicted at every other label.
  let foreign = 0;
  for (let i = offsets[0]!; i < end; i++) {
    const id = values[i]!;
    const difference = id ^ ignoredLabel;
    foreign |= (id | (last - id)) & (difference | -difference);
  }
  if (foreign >= 0) return;
  const id = values.subarray(offsets[0], end).find((id) => id !== ignoredLabel && (id < 0 || id > last));
  throw new InputError(
    `${path}: has the id ${id}, the model only ids from 0 to ${last}; preprocess with the model's tokenizer`,
  );
}
