import type { ListColumn, MaskedColumns } from '@mlm/arrow/columns';

/** Label of a position that the loss ignores, as in PyTorch's cross-entropy. */
export const IGNORED_LABEL = -100;

/**
 * The ids before masking: the label where it is not −100, else the id.
 *
 * @example
 * ```ts
 * import { maskingDefaults, maskingRule, maskRows, restoreOriginals } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const rule = maskingRule(await loadTokenizer(), maskingDefaults);
 * const input_ids = { values: Int32Array.of(101, 7592, 2088, 102), offsets: Int32Array.of(0, 4) };
 * const masked = maskRows(input_ids, rule, { unit: 0, firstRow: 0, split: 'train' });
 * console.log(restoreOriginals(masked).values); // 101, 7592, 2088, 102
 * ```
 */
export function restoreOriginals(
  masked: Pick<MaskedColumns, 'input_ids' | 'labels'>,
): ListColumn<Int32Array> {
  const originals = copyRows(masked.input_ids);
  const labels = fromZero(masked.labels).values;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== IGNORED_LABEL) originals.values[i] = labels[i]!;
  }
  return originals;
}

/** The column's rows, not copied, with offsets from 0. */
export function fromZero<T extends Int32Array | Int8Array>({
  values,
  offsets,
}: ListColumn<T>): ListColumn<T> {
  const first = offsets[0] ?? 0;
  const last = offsets[offsets.length - 1] ?? 0;
  return {
    values: values.subarray(first, last) as T,
    offsets: first === 0 ? offsets : offsets.map((offset) => offset - first),
  };
}

/** A copy of the column's rows. */
export function copyRows(column: ListColumn<Int32Array>): ListColumn<Int32Array> {
  const { values, offsets } = fromZero(column);
  return { values: values.slice(), offsets };
}

/** Repeats each row `times` times, its copies adjacent. */
export function repeatRows(column: ListColumn<Int32Array>, times: number): ListColumn<Int32Array> {
  if (times === 1) return column;
  const { values, offsets } = fromZero(column);
  const rows = offsets.length - 1;
  const repeated = {
    values: new Int32Array(values.length * times),
    offsets: new Int32Array(rows * times + 1),
  };
  let end = 0;
  for (let row = 0; row < rows; row++) {
    const ids = values.subarray(offsets[row], offsets[row + 1]);
    for (let copy = 0; copy < times; copy++) {
      repeated.values.set(ids, end);
      end += ids.length;
      repeated.offsets[row * times + copy + 1] = end;
    }
  }
  return repeated;
}
