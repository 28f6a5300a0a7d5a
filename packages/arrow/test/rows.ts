import type { RecordBatch } from 'apache-arrow';
import { type ListColumn, listColumn } from '../src/batch/column.js';

/** A list column of these rows. */
export function columnOf(rows: number[][]): ListColumn<Int32Array> {
  const offsets = new Int32Array(rows.length + 1);
  for (const [i, row] of rows.entries()) offsets[i + 1] = offsets[i]! + row.length;
  return { values: Int32Array.from(rows.flat()), offsets };
}

/** The rows of a list column as arrays. */
export function rowsOf(batch: RecordBatch, name: string): number[][] {
  const { values, offsets } = listColumn(batch, name);
  return Array.from({ length: batch.numRows }, (_, row) => [
    ...values.subarray(offsets[row], offsets[row + 1]),
  ]);
}
