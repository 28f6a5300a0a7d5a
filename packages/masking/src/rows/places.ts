import type { BatchPlace, Split } from '@mlm/arrow/columns';
import { InputError } from '@mlm/base/errors';

/** Each row's place in the dataset, on which its draws depend besides seed, epoch and position. */
export interface RowPlaces {
  /** The split of all rows. */
  readonly split: Split;
  /** The unit number of each row. */
  readonly units: Int32Array;
  /** The number of each row in its unit and split. */
  readonly rows: Int32Array;
}

/** Places of consecutive rows of one unit. */
export function consecutiveRows({ unit, firstRow, split }: BatchPlace, count: number): RowPlaces {
  const rows = new Int32Array(count);
  for (let i = 0; i < count; i++) rows[i] = firstRow + i;
  return { split, units: new Int32Array(count).fill(unit), rows };
}

/**
 * Places of a dataset's rows, computed from its metadata.
 * @param rowsPerUnit index = unit number.
 * @param indices row numbers in the dataset, from 0, in any order.
 * @throws InputError for a row that the dataset does not have.
 *
 * @example
 * ```ts
 * import { openDataset } from '@mlm/arrow';
 * import { placesOfRows } from '@mlm/masking';
 *
 * const { metadata } = await openDataset('out.arrow');
 * const { units, rows } = placesOfRows(metadata!.rows_per_unit, [0, 1000], 'train');
 * ```
 */
export function placesOfRows(
  rowsPerUnit: readonly number[],
  indices: ArrayLike<number>,
  split: Split,
): RowPlaces {
  const ends = new Float64Array(rowsPerUnit.length);
  for (let unit = 0, sum = 0; unit < ends.length; unit++) ends[unit] = sum += rowsPerUnit[unit]!;
  const units = new Int32Array(indices.length);
  const rows = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const unit = firstAbove(ends, indices[i]!);
    if (unit === ends.length) {
      throw new InputError(`row ${indices[i]}: the dataset's metadata states ${ends[unit - 1] ?? 0} rows`);
    }
    units[i] = unit;
    rows[i] = indices[i]! - (ends[unit - 1] ?? 0);
  }
  return { split, units, rows };
}

/** Index of the first element above a value, by binary search. */
function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
