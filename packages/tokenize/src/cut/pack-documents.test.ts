import type { ListColumn } from '@mlm/arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CutRows } from './pack.js';
import { DocumentPacker } from './pack-documents.js';

const tokens = { cls: 101, sep: 102, pad: 0 };
const documents = fc.array(fc.array(fc.integer({ min: 103, max: 999 }), { maxLength: 90, size: 'max' }), {
  maxLength: 40,
  size: 'max',
});
// Rooms of more than one word of bits as well.
const rowLength = fc.oneof(fc.integer({ min: 3, max: 12 }), fc.integer({ min: 13, max: 90 }));

function pack(packer: DocumentPacker, texts: readonly number[][], rowLimit?: number): CutRows {
  for (const ids of texts) {
    // Ids come in pieces that have nothing to do with rows.
    const array = Int32Array.from([7, ...ids, 7]);
    const half = 1 + (ids.length >> 1);
    packer.add(array, 1, half);
    packer.add(array, half, ids.length + 1);
    packer.endDocument();
  }
  return packer.finish(rowLimit);
}

function rowsOf({ values, offsets }: ListColumn<Int32Array>): number[][] {
  return Array.from({ length: offsets.length - 1 }, (_, row) => [
    ...values.subarray(offsets[row], offsets[row + 1]),
  ]);
}

/** Best-fit decreasing, said as plainly as it can be: the pieces of each row. */
function plainRows(texts: readonly number[][], length: number): number[][][] {
  const pieces = texts.flatMap((ids) =>
    Array.from({ length: Math.ceil(ids.length / (length - 2)) }, (_, i) =>
      ids.slice(i * (length - 2), (i + 1) * (length - 2)),
    ),
  );
  const order = [...pieces.keys()].sort((a, b) => pieces[b]!.length - pieces[a]!.length || a - b);
  // The row that was put back last is the first to be taken among those with the same room.
  const rows: { room: number; pieces: number[] }[] = [];
  for (const piece of order) {
    const size = pieces[piece]!.length + 2;
    const fitting = rows.filter(({ room }) => room >= size).sort((a, b) => a.room - b.room);
    const row = fitting[0] ? fitting.findLast(({ room }) => room === fitting[0]!.room)! : undefined;
    const chosen = row ?? { room: length, pieces: [] };
    if (row) rows.splice(rows.indexOf(row), 1);
    chosen.room -= size;
    chosen.pieces.push(piece);
    rows.push(chosen);
  }
  return rows
    .map((row) => row.pieces.sort((a, b) => a - b))
    .sort((a, b) => a[0]! - b[0]!)
    .map((row) => row.map((piece) => pieces[piece]!));
}

test('rows are those of the plain rule, each document between its own special tokens, and the packer can be used again', () => {
  fc.assert(
    fc.property(documents, rowLength, (texts, length) => {
      const packer = new DocumentPacker(length, tokens);
      const plain = plainRows(texts, length);
      for (let round = 0; round < 2; round++) {
        const { documentStarts, ...ids } = pack(packer, texts);
        const expected = plain.map((row) => {
          const filled = row.flatMap((piece) => [tokens.cls, ...piece, tokens.sep]);
          return [...filled, ...Array(length - filled.length).fill(tokens.pad)];
        });
        expect(rowsOf(ids)).toEqual(expected);
        const starts = plain.map((row) =>
          row.map((_, i) => row.slice(0, i).reduce((sum, piece) => sum + piece.length + 2, 0)),
        );
        expect(rowsOf(documentStarts!)).toEqual(starts);
      }
    }),
  );
});

test('documents that fit a row are whole, and the rows hold all that was given', () => {
  fc.assert(
    fc.property(documents, rowLength, (texts, length) => {
      const { documentStarts, ...ids } = pack(new DocumentPacker(length, tokens), texts);
      const starts = rowsOf(documentStarts!);
      const pieces = rowsOf(ids).flatMap((row, i) =>
        starts[i]!.map((start, k) => {
          const end = starts[i]![k + 1] ?? row.findLastIndex((id) => id !== tokens.pad) + 1;
          expect([row[start], row[end - 1]]).toEqual([tokens.cls, tokens.sep]);
          return row.slice(start + 1, end - 1);
        }),
      );
      const text = (ids: number[]) => ids.join(' ');
      const held = pieces.map(text);
      for (const ids of texts)
        if (ids.length > 0 && ids.length <= length - 2) expect(held).toContain(text(ids));
      const sorted = (lists: number[][]) => lists.flat().sort((a, b) => a - b);
      expect(sorted(pieces)).toEqual(sorted(texts));
    }),
  );
});

test('a limit takes the first rows', () => {
  fc.assert(
    fc.property(documents, rowLength, fc.integer({ min: 0, max: 20 }), (texts, length, limit) => {
      const all = pack(new DocumentPacker(length, tokens), texts);
      const some = pack(new DocumentPacker(length, tokens), texts, limit);
      expect(rowsOf(some)).toEqual(rowsOf(all).slice(0, limit));
      expect(rowsOf(some.documentStarts!)).toEqual(rowsOf(all.documentStarts!).slice(0, limit));
    }),
  );
});

test('rows of 512 tokens are full but for one in a hundred, where documents have the lengths of paragraphs', () => {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  // Log-normal, as lengths of English paragraphs are.
  const texts = Array.from({ length: 5000 }, () => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    return new Array<number>(Math.ceil(90 * Math.exp(0.9 * normal))).fill(500);
  });
  const { values } = pack(new DocumentPacker(512, tokens), texts);
  const filled = values.reduce((sum, id) => sum + (id === tokens.pad ? 0 : 1), 0);
  expect(filled / values.length).toBeGreaterThan(0.99);
});
