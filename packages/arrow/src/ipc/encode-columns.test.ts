import { Schema } from 'apache-arrow';
import { FileBlock } from 'apache-arrow/ipc/metadata/file';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnOf } from '../../test/rows.js';
import { listBatch } from '../batch/create.js';
import { encodeBatch, encodeFooter, encodeSchema } from './encode.js';
import { encodeListBatch, encodeListFooter, encodeListSchema, type ListField } from './encode-columns.js';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const metadata = fc.array(fc.tuple(text, text), { maxLength: 4 }).map((entries) => new Map(entries));
const rows = fc.array(fc.array(fc.integer({ min: -100, max: 30_000 }), { maxLength: 9 }), { maxLength: 12 });
const columns = fc.uniqueArray(fc.record({ name: text, bits: fc.constantFrom<8 | 32>(8, 32), rows }), {
  selector: ({ name }) => name,
  maxLength: 4,
});

/** The columns as lists, all with as many rows as the shortest; with some values before the first row. */
function listsOf(made: readonly (ListField & { rows: number[][] })[], before: number) {
  const length = Math.min(...made.map((column) => column.rows.length));
  return Object.fromEntries(
    made.map(({ name, bits, rows: lists }) => {
      const { values, offsets } = columnOf([
        new Array(before).fill(7) as number[],
        ...lists.slice(0, length),
      ]);
      const typed = bits === 8 ? Int8Array.from(values) : values;
      return [name, { values: typed, offsets: offsets.subarray(1) }];
    }),
  );
}

test('schema, record batch and footer have the same bytes as from arrow-js', () => {
  const blocks = fc.array(
    fc.record({ offset: fc.nat(), metadataLength: fc.nat(9999), bodyLength: fc.nat() }),
    {
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(columns, metadata, metadata, blocks, fc.nat(3), (made, ofSchema, ofBatch, places, before) => {
      // Objects put names that are numbers first.
      const fields = made.filter(({ name }) => !/^\d+$/.test(name) && name !== '__proto__');
      fc.pre(fields.length > 0);
      const lists = listsOf(fields, before);
      const batch = listBatch(lists, ofBatch, ofSchema);
      const schema = new Schema(batch.schema.fields, ofSchema);
      expect(encodeListSchema(fields, ofSchema)).toEqual(encodeSchema(schema));
      const ours = encodeListBatch(Object.values(lists), ofBatch);
      const theirs = encodeBatch(batch);
      expect(Buffer.concat(ours.buffers)).toEqual(Buffer.concat(theirs.buffers));
      expect([ours.metadataLength, ours.bodyLength]).toEqual([theirs.metadataLength, theirs.bodyLength]);
      const fileBlocks = places.map(
        ({ offset, metadataLength, bodyLength }) => new FileBlock(metadataLength, bodyLength, offset),
      );
      expect(Buffer.concat(encodeListFooter(fields, ofSchema, places))).toEqual(
        Buffer.concat(encodeFooter(schema, fileBlocks)),
      );
    }),
    { numRuns: 300 },
  );
});
