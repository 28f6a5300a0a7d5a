import { InputError } from '@mlm/base/errors';
import { type Data, DataType, type RecordBatch } from 'apache-arrow';

/** A column of lists: row i is `values[offsets[i] .. offsets[i + 1])`; `offsets` has one element more than rows. */
export interface ListColumn<T extends Int32Array | Int8Array = Int32Array | Int8Array> {
  /** The elements of all rows, int32 or (`attention_mask`) int8; other elements may precede and follow them. */
  values: T;
  /** Ascending indices into `values`; the first need not be 0. */
  offsets: Int32Array;
}

/**
 * The list column `name` of a batch. Values that are int32 or int8 are not copied; other integer widths, and large and
 * fixed-size lists, which other programs write, are converted to int32. Sliced batches work too: their `offsets` need
 * not begin at 0.
 * @throws InputError if there is no such column, or its rows are not lists of integers without nulls
 *
 * @example
 * ```ts
 * import { listColumn, openDataset } from '@mlm/arrow';
 *
 * const dataset = await openDataset('out.arrow');
 * const { values, offsets } = listColumn(await dataset.batch(0), 'input_ids');
 * console.log(values.subarray(offsets[0], offsets[1])); // the first row
 * ```
 */
export function listColumn(batch: RecordBatch, name: 'attention_mask'): ListColumn<Int8Array>;
export function listColumn(
  batch: RecordBatch,
  name: 'input_ids' | 'labels' | 'document_starts',
): ListColumn<Int32Array>;
export function listColumn(batch: RecordBatch, name: string): ListColumn;
export function listColumn(batch: RecordBatch, name: string): ListColumn {
  const index = batch.schema.fields.findIndex((field) => field.name === name);
  const data = batch.data.children[index];
  if (!data) {
    const columns = batch.schema.fields.map((field) => field.name).join(', ');
    throw new InputError(`no column "${name}" in this record batch (columns: ${columns || 'none'})`);
  }
  const child = data.children[0];
  if (!child) throw new InputError(`column "${name}": expected lists of integers, found ${data.type}`);
  if (data.nullCount > 0 || child.nullCount > 0)
    throw new InputError(`column "${name}": expected lists of integers without nulls, found nulls`);
  const values = integers(child, name);
  return {
    values: name === 'attention_mask' ? toInt8(values, name) : values,
    offsets: listOffsets(data, name),
  };
}

function listOffsets(data: Data, name: string): Int32Array {
  if (DataType.isList(data.type)) return data.valueOffsets.subarray(0, data.length + 1);
  if (DataType.isLargeList(data.type)) return Int32Array.from(data.valueOffsets as ArrayLike<bigint>, Number);
  if (DataType.isFixedSizeList(data.type)) {
    const size = data.type.listSize;
    return Int32Array.from({ length: data.length + 1 }, (_, row) => (data.offset + row) * size);
  }
  throw new InputError(`column "${name}": expected lists of integers, found ${data.type}`);
}

function integers(child: Data, name: string): Int32Array | Int8Array {
  const values: unknown = child.values;
  if (values instanceof Int32Array || values instanceof Int8Array) return values;
  if (values instanceof Int16Array || values instanceof Uint16Array) return Int32Array.from(values);
  if (values instanceof Uint8Array && DataType.isInt(child.type)) return Int32Array.from(values);
  if (values instanceof Uint32Array || values instanceof BigInt64Array || values instanceof BigUint64Array)
    return fitting(new Int32Array(values.length), values, name);
  throw new InputError(`column "${name}": expected lists of integers, found lists of ${child.type}`);
}

function toInt8(values: Int32Array | Int8Array, name: string): Int8Array {
  return values instanceof Int8Array ? values : fitting(new Int8Array(values.length), values, name);
}

/** Copies numbers to a narrower array. @throws InputError for a number that does not fit */
function fitting<T extends Int32Array | Int8Array>(
  narrow: T,
  values: ArrayLike<number | bigint>,
  name: string,
): T {
  for (let i = 0; i < narrow.length; i++) {
    narrow[i] = Number(values[i]);
    if (narrow[i] !== Number(values[i]))
      throw new InputError(
        `column "${name}" contains ${values[i]}, expected integers of ${8 * narrow.BYTES_PER_ELEMENT} bits`,
      );
  }
  return narrow;
}
