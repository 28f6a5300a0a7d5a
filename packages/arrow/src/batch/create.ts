import { defined } from '@mlm/base/defined';
import { Field, Int8, Int32, List, makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import type { ListColumn } from './column.js';
import type { ColumnBatch } from './column-batch.js';
import { type BatchPlace, placeMetadata } from './place.js';

const int32List = new List(new Field('item', new Int32(), true));
const int8List = new List(new Field('item', new Int8(), true));

/** The columns of a masked batch; all have the same rows. */
export interface MaskedColumns {
  /** Token ids after masking, one sequence per row. */
  input_ids: ListColumn<Int32Array>;
  /** The original id where the loss counts, −100 elsewhere. */
  labels: ListColumn<Int32Array>;
  /** 1 on tokens, 0 on padding. */
  attention_mask: ListColumn<Int8Array>;
  /** The positions at which documents begin, ascending from 0; absent if rows do not keep documents apart. */
  document_starts?: ListColumn<Int32Array>;
}

/**
 * Makes a record batch `{ input_ids: list<int32> }`, with `document_starts` if given, without copying.
 *
 * @example
 * ```ts
 * import { tokenBatch } from '@mlm/arrow';
 *
 * const input_ids = { values: Int32Array.of(101, 7592, 102), offsets: Int32Array.of(0, 3) };
 * const batch = tokenBatch(input_ids, { unit: 0, firstRow: 0, split: 'train' });
 * ```
 */
export function tokenBatch(
  input_ids: ListColumn<Int32Array>,
  place?: BatchPlace,
  document_starts?: ListColumn<Int32Array>,
): RecordBatch {
  return listBatch(defined({ input_ids, document_starts }), placeMetadata(place));
}

/**
 * Makes a record batch `{ input_ids: list<int32>, labels: list<int32>, attention_mask: list<int8> }`, with
 * `document_starts: list<int32>` if given, without copying.
 *
 * @example
 * ```ts
 * import { maskedBatch } from '@mlm/arrow';
 *
 * const batch = maskedBatch({
 *   input_ids: { values: Int32Array.of(101, 103, 102), offsets: Int32Array.of(0, 3) },
 *   labels: { values: Int32Array.of(-100, 7592, -100), offsets: Int32Array.of(0, 3) },
 *   attention_mask: { values: Int8Array.of(1, 1, 1), offsets: Int32Array.of(0, 3) },
 * });
 * ```
 */
export function maskedBatch(columns: MaskedColumns, place?: BatchPlace): RecordBatch {
  const { input_ids, labels, attention_mask, document_starts } = columns;
  return listBatch(defined({ input_ids, labels, attention_mask, document_starts }), placeMetadata(place));
}

/**
 * Makes a record batch of plain columns, without copying them.
 *
 * @example
 * ```ts
 * import { recordBatch } from '@mlm/arrow';
 *
 * const input_ids = { values: Int32Array.of(101, 7592, 102), offsets: Int32Array.of(0, 3) };
 * const batch = recordBatch({ columns: { input_ids }, place: { unit: 0, firstRow: 0, split: 'train' } });
 * ```
 */
export function recordBatch({ columns, place }: ColumnBatch): RecordBatch {
  return listBatch(columns, placeMetadata(place));
}

/** Makes a record batch of nullable list columns, int32 or int8 by the type of the arrays, in the order given. */
export function listBatch(
  columns: Record<string, ListColumn>,
  batchMetadata: Map<string, string>,
  schemaMetadata?: Map<string, string>,
): RecordBatch {
  const names = Object.keys(columns);
  const fields = names.map((name) => {
    const isByte = columns[name]!.values instanceof Int8Array;
    return new Field(name, isByte ? int8List : int32List, true);
  });
  const children = names.map((name) => listData(columns[name]!));
  const length = children[0]?.length ?? 0;
  const data = makeData({ type: new Struct(fields), length, nullCount: 0, children });
  return new RecordBatch(new Schema(fields, schemaMetadata), data, batchMetadata);
}

function listData({ values, offsets }: ListColumn) {
  const length = offsets.length - 1;
  if (values instanceof Int8Array) {
    const child = makeData({ type: new Int8(), length: values.length, nullCount: 0, data: values });
    return makeData({ type: int8List, length, nullCount: 0, valueOffsets: offsets, child });
  }
  const child = makeData({ type: new Int32(), length: values.length, nullCount: 0, data: values });
  return makeData({ type: int32List, length, nullCount: 0, valueOffsets: offsets, child });
}
