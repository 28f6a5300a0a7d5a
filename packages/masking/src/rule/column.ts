import type { ListColumn } from '@mlm/arrow/columns';

/** The column's rows, not copied, with offsets that begin at 0. */
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
