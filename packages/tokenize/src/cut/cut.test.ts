import type { ListColumn } from '@mlm/arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineCutter } from './lines.js';
import { type RowCutter, RowPacker } from './pack.js';
import { DocumentPacker } from './pack-documents.js';
import { splitOf } from './split.js';

const tokens = { cls: 101, sep: 102, pad: 0 };
const documents = fc.array(
  fc.array(fc.integer({ min: 103, max: 999 }), { minLength: 1, maxLength: 40, size: 'max' }),
  {
    maxLength: 20,
  },
);
// Ids are copied one by one or many at a time.
const rowLength = fc.oneof(fc.integer({ min: 3, max: 12 }), fc.integer({ min: 13, max: 60 }));

/** The rule of packing, said as plainly as it can be. */
function packedRows(texts: number[][], length: number): number[][] {
  const rows: number[][] = [];
  const room = length - 2;
  let row: number[] = [];
  const close = () => {
    rows.push([tokens.cls, ...row, tokens.sep]);
    row = [];
  };
  for (const [i, ids] of texts.entries()) {
    if (i > 0 && row.length > 0) row.push(tokens.sep);
    if (row.length === room) close();
    for (const id of ids) {
      row.push(id);
      if (row.length === room) close();
    }
  }
  if (row.length > 0) close();
  return rows.map((ids) => [...ids, ...Array(length - ids.length).fill(tokens.pad)]);
}

/** One row after another for each line. */
function lineRows(texts: number[][], length: number, overflow: 'wrap' | 'truncate'): number[][] {
  return texts.flatMap((ids) => {
    const pieces: number[][] = [];
    for (let i = 0; i < ids.length; i += length - 2) pieces.push(ids.slice(i, i + length - 2));
    return pieces
      .slice(0, overflow === 'wrap' ? undefined : 1)
      .map((piece) => [tokens.cls, ...piece, tokens.sep]);
  });
}

/** Feeds documents to a cutter in pieces that have nothing to do with rows. */
function cut(cutter: RowCutter, texts: number[][], piece: number): number[][] {
  for (const ids of texts) {
    const array = Int32Array.from([7, ...ids, 7]);
    for (let from = 1; from <= ids.length; from += piece)
      cutter.add(array, from, Math.min(from + piece, ids.length + 1));
    cutter.endDocument();
  }
  return rowsOf(cutter.finish());
}

function rowsOf({ values, offsets }: ListColumn<Int32Array>): number[][] {
  return Array.from({ length: offsets.length - 1 }, (_, row) => [
    ...values.subarray(offsets[row], offsets[row + 1]),
  ]);
}

test('packed rows are those of the plain rule, however the ids arrive, and the packer can be used again', () => {
  fc.assert(
    fc.property(documents, rowLength, fc.integer({ min: 1, max: 50 }), (texts, length, piece) => {
      const packer = new RowPacker(length, tokens);
      for (let round = 0; round < 2; round++)
        expect(cut(packer, texts, piece)).toEqual(packedRows(texts, length));
    }),
  );
});

test('documents that come together give the rows that they give one by one, after an unfinished one too', () => {
  const cutters = fc.constantFrom<(length: number) => RowCutter>(
    (length) => new RowPacker(length, tokens),
    (length) => new DocumentPacker(length, tokens),
    (length) => new LineCutter(length, tokens, 'wrap'),
    (length) => new LineCutter(length, tokens, 'truncate'),
  );
  fc.assert(
    fc.property(cutters, fc.array(documents, { maxLength: 4 }), rowLength, (make, batches, length) => {
      const cutter = make(length);
      for (let round = 0; round < 2; round++) {
        cutter.add(Int32Array.of(5, 6, 7), 0, 2);
        cutter.endDocument();
        for (const texts of batches) {
          const sizes = texts.map((ids) => ids.length);
          const ends = Int32Array.from(sizes, (_, i) => sizes.slice(0, i + 1).reduce((a, b) => a + b, 1));
          cutter.addDocuments(Int32Array.from([7, ...texts.flat(), 7]), 1, ends);
        }
        expect(rowsOf(cutter.finish())).toEqual(cut(make(length), [[5, 6], ...batches.flat()], 1000));
      }
    }),
  );
});

test('what stages leave in the memory of rows does not show in the rows that follow', () => {
  const cutters = fc.constantFrom<(length: number) => RowCutter>(
    (length) => new RowPacker(length, tokens),
    (length) => new DocumentPacker(length, tokens),
    (length) => new LineCutter(length, tokens, 'wrap'),
  );
  fc.assert(
    fc.property(
      cutters,
      fc.array(documents, { maxLength: 4 }),
      rowLength,
      fc.nat(9),
      (make, units, length, most) => {
        const cutter = make(length);
        for (const [unit, texts] of units.entries()) {
          const limit = unit % 2 === 0 ? undefined : most;
          for (const ids of texts) {
            cutter.add(Int32Array.from(ids), 0, ids.length);
            cutter.endDocument();
          }
          const { memory, ...rows } = cutter.finish(limit);
          const expected = cut(make(length), texts, 1000).slice(0, limit);
          expect(rowsOf(rows)).toEqual(expected);
          if (expected.length === 0) continue;
          expect(rows.values.buffer).toBe(memory.wasm.buffer);
          expect(memory.end).toBe(rows.values.byteOffset + rows.values.byteLength);
          const more = memory.add(4 * rows.values.length);
          memory.int32(more, rows.values.length).fill(-7);
          new Int32Array(memory.wasm.buffer).fill(-7, 256, 5000);
        }
      },
    ),
  );
});

test('packed rows without their special tokens are the text; no row begins with [SEP]; only the last is padded', () => {
  fc.assert(
    fc.property(documents, rowLength, (texts, length) => {
      const rows = cut(new RowPacker(length, tokens), texts, 1000);
      expect(rows.flat().filter((id) => id > 102)).toEqual(texts.flat());
      for (const [i, row] of rows.entries()) {
        expect(row).toHaveLength(length);
        expect(row[0]).toBe(tokens.cls);
        expect(row[1]).not.toBe(tokens.sep);
        if (i < rows.length - 1) expect(row.at(-1)).toBe(tokens.sep);
      }
    }),
  );
});

test('line by line, a row holds a line, and the rest of a long one follows or is cut off', () => {
  fc.assert(
    fc.property(
      documents,
      rowLength,
      fc.constantFrom('wrap' as const, 'truncate' as const),
      fc.integer({ min: 1, max: 50 }),
      (texts, length, overflow, piece) => {
        const cutter = new LineCutter(length, tokens, overflow);
        for (let round = 0; round < 2; round++)
          expect(cut(cutter, texts, piece)).toEqual(lineRows(texts, length, overflow));
      },
    ),
  );
});

test('documents go to validation in the share that was asked for, by nothing but seed, file and offset', () => {
  const held = (seed: number) =>
    Array.from({ length: 20_000 }, (_, i) => splitOf({ evalFraction: 0.1, seed }, i % 7, i * 997)).map(
      (split) => split === 'validation',
    );
  const share = held(1).filter(Boolean).length / 20_000;
  expect(share).toBeGreaterThan(0.1 - 4 * 0.0021);
  expect(share).toBeLessThan(0.1 + 4 * 0.0021);
  expect(held(1)).toEqual(held(1));
  expect(held(1)).not.toEqual(held(2));
  expect(splitOf({ evalFraction: 1, seed: 3 }, 0, 0)).toBe('validation');
  expect(splitOf({ evalFraction: 0, seed: 3 }, 0, 0)).toBe('train');
});
