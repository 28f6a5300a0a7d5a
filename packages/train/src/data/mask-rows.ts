import type { Split } from '@mlm/arrow';
import { type MaskingRule, maskRowsInPlace } from '@mlm/masking';
import type { Row } from './batch.js';

/**
 * Masks the rows of one batch, which hold their originals, each with the draws of its place in the dataset.
 * @param rows with their `place`
 */
export function maskRowsOfBatch(rows: readonly Row[], rule: MaskingRule, epoch: number, split: Split): Row[] {
  const offsets = new Int32Array(rows.length + 1);
  for (const [i, { length }] of rows.entries()) offsets[i + 1] = offsets[i]! + length;
  const values = new Int32Array(offsets[rows.length]!);
  for (const [i, { input_ids, start, length }] of rows.entries())
    values.set(input_ids.subarray(start, start + length), offsets[i]);
  const places = {
    split,
    units: Int32Array.from(rows, ({ place }) => place!.unit),
    rows: Int32Array.from(rows, ({ place }) => place!.row),
  };
  const masked = maskRowsInPlace({ values, offsets }, rule, places, epoch);
  return rows.map(({ attention_mask, document_starts, start, length }, i) => ({
    input_ids: masked.input_ids.values,
    labels: masked.labels.values,
    attention_mask: attention_mask && attentionFrom(attention_mask, start, offsets[i]!, length),
    document_starts,
    start: offsets[i]!,
    length,
  }));
}

/** A row's attention, at the place where its masked ids stand. */
function attentionFrom(attention: Int8Array, start: number, at: number, length: number): Int8Array {
  const moved = new Int8Array(at + length);
  moved.set(attention.subarray(start, start + length), at);
  return moved;
}
