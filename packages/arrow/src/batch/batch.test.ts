import { InputError } from '@mlm/base/errors';
import {
  Field,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { description } from '../../test/description.js';
import { columnOf, rowsOf } from '../../test/rows.js';
import { encodeBatch, encodeSchema } from '../ipc/encode.js';
import { listColumn } from './column.js';
import { columnBuffers } from './column-batch.js';
import { maskedBatch, recordBatch, tokenBatch } from './create.js';
import { describeBatches, descriptionOf, placeOf } from './place.js';

const rows = fc.array(fc.array(fc.integer({ min: -100, max: 30_521 }), { maxLength: 9 }), { maxLength: 9 });

test('the rows of a token batch are the lists it was made of, before and after slicing', () => {
  fc.assert(
    fc.property(rows, fc.nat(9), fc.nat(9), (lists, from, count) => {
      const batch = tokenBatch(columnOf(lists));
      expect(rowsOf(batch, 'input_ids')).toEqual(lists);
      const slice = batch.slice(from, from + count);
      expect(rowsOf(slice, 'input_ids')).toEqual(lists.slice(from, from + count));
    }),
  );
});

test('arrow-js reads a masked batch as we wrote it', () => {
  fc.assert(
    fc.property(rows, (lists) => {
      const ids = columnOf(lists);
      const attention_mask = { values: new Int8Array(ids.values.length).fill(1), offsets: ids.offsets };
      const batch = maskedBatch({ input_ids: ids, labels: ids, attention_mask });
      const { buffers } = encodeBatch(batch);
      const table = tableFromIPC(Buffer.concat([...encodeSchema(batch.schema).buffers, ...buffers]));
      expect(table.toArray().map((row) => [...row.labels.toArray()])).toEqual(lists);
      expect(table.toArray().map((row) => [...row.attention_mask.toArray()])).toEqual(
        lists.map((list) => list.map(() => 1)),
      );
    }),
  );
});

test('a batch crosses threads with its place and without its shared offsets twice', () => {
  const ids = columnOf([[1, 2], [3]]);
  const attention_mask = { values: Int8Array.of(1, 1, 1), offsets: ids.offsets };
  const place = { unit: 7, firstRow: 3, split: 'validation' as const, counts: { documents: 2 } };
  const batch = { columns: { input_ids: ids, labels: { ...ids }, attention_mask }, place };
  const received = recordBatch(structuredClone(batch, { transfer: columnBuffers(batch) }));
  expect(rowsOf(received, 'input_ids')).toEqual([[1, 2], [3]]);
  expect(rowsOf(received, 'attention_mask')).toEqual([[1, 1], [1]]);
  expect(placeOf(received)).toEqual(place);
  expect(ids.values.length).toBe(0);
});

test('a description travels with the batches', () => {
  const batch = describeBatches(description())(
    tokenBatch(columnOf([[1]]), { unit: 2, firstRow: 0, split: 'train' }),
  );
  expect(descriptionOf(batch)).toEqual(description());
  expect(placeOf(batch)?.unit).toBe(2);
});

test('a number too large for the narrower column is refused, not truncated', () => {
  const column = (values: Int32Array | Uint32Array | BigInt64Array | BigUint64Array, name: string) => {
    const child = makeData({ type: vectorFromArray(values).type, data: values, length: values.length });
    const field = new Field(name, new List(new Field('item', child.type, true)));
    const valueOffsets = Int32Array.of(0, values.length);
    const list = makeData({ type: field.type, length: 1, valueOffsets, child });
    const struct = makeData({ type: new Struct([field]), length: 1, children: [list] });
    return listColumn(new RecordBatch(new Schema([field]), struct), name);
  };
  for (const Wide of [BigInt64Array, BigUint64Array]) {
    expect([...column(Wide.of(0n, 2n ** 31n - 1n), 'labels').values]).toEqual([0, 2 ** 31 - 1]);
    for (const value of [2n ** 31n, 2n ** 40n])
      expect(() => column(Wide.of(5n, value), 'labels')).toThrow(
        `column "labels" contains ${value}, expected integers of 32 bits`,
      );
  }
  expect([...column(BigInt64Array.of(-(2n ** 31n), -100n), 'labels').values]).toEqual([-(2 ** 31), -100]);
  expect([...column(Uint32Array.of(7), 'input_ids').values]).toEqual([7]);
  expect(() => column(Uint32Array.of(2 ** 31), 'input_ids')).toThrow(
    'column "input_ids" contains 2147483648',
  );
  expect([...column(BigInt64Array.of(1n, 0n), 'attention_mask').values]).toEqual([1, 0]);
  expect(() => column(Int32Array.of(1, 257), 'attention_mask')).toThrow(
    'column "attention_mask" contains 257, expected integers of 8 bits',
  );
});

test('columns of other integer widths are read too', () => {
  const batch = tableFromIPC(tableToIPC(tableFromArrays({ n: [1, 2] }))).batches[0]!;
  expect(() => listColumn(batch, 'input_ids')).toThrow(InputError);
  expect(() => listColumn(batch, 'n')).toThrow(/lists of integers/);
});
