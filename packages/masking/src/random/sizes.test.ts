import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { keyWords, LAST_EPOCH, philox, selectionWord } from './counter.js';
import { countBitWords, type DrawRows } from './draws.js';
import { referenceDraws } from './reference.js';

const KEY = keyWords(42);

function rowsOfLengths(lengths: readonly number[], first = 0): DrawRows {
  // Arrays are longer than their count, as those that are reused are.
  const column = (value: (row: number) => number) =>
    Int32Array.from([...lengths, 77], (_, row) => value(row));
  const starts = column(() => first);
  lengths.forEach((length, row) => {
    starts[row + 1] = starts[row]! + length;
  });
  return {
    count: lengths.length,
    starts,
    lengths: column((row) => lengths[row] ?? 77),
    padding: column(() => 0),
    rows: column((row) => row),
    units: column((row) => row % 3),
    lasts: column((row) => selectionWord(row % 5, row % 2 === 0 ? 'train' : 'validation')),
  };
}

/** A few positions of each row. */
function positionsOf(rows: DrawRows, a: number) {
  const places = Array.from({ length: rows.count }, (_, row) => row).flatMap((row) =>
    Array.from({ length: Math.min(a, rows.lengths[row]!) }, (_, i) => [row, rows.starts[row]! + i] as const),
  );
  return {
    count: places.length,
    rowOf: Int32Array.from(places, ([row]) => row),
    indices: Int32Array.from(places, ([, index]) => index),
  };
}

describe('a kernel whose memory has to grow', () => {
  // Each test has a kernel of its own, so that the first call is the one that grows its memory.
  let kernel: typeof import('./kernel.js');
  beforeEach(async () => {
    vi.resetModules();
    kernel = await import('./kernel.js');
  });
  const few = rowsOfLengths([3, 0, 40]);
  const many = rowsOfLengths(
    Array.from({ length: 5000 }, (_, row) => (row * 7) % 64),
    9,
  );

  it.each([few, many])('selects', (rows) => {
    for (const chance of [0.3, 0, 2 ** -32]) {
      const found = kernel.kernelDraws(KEY).select(rows, chance);
      expect(found.slice()).toEqual(referenceDraws(KEY).select(rows, chance));
    }
  });

  it.each([1, 40_000])('ranks %i positions', (length) => {
    const rows = rowsOfLengths([2, length]);
    const found = kernel.kernelDraws(KEY).rank(rows, 1);
    expect(found).toHaveLength(length);
    expect(Array.from(found)).toEqual(Array.from(referenceDraws(KEY).rank(rows, 1)));
  });

  it.each([few, many])('draws runs and replacements', (rows) => {
    const positions = positionsOf(rows, 9);
    const { lengths, underWay, left } = kernel.kernelDraws(KEY).runs(positions, rows);
    const runs = referenceDraws(KEY).runs(positions, rows);
    expect([lengths, underWay, left].map((words) => Array.from(words))).toEqual([
      runs.lengths,
      runs.underWay,
      runs.left,
    ]);
    const { kinds, choices } = kernel.kernelDraws(KEY).replace(positions, rows, 30_000);
    const replacements = referenceDraws(KEY).replace(positions, rows, 30_000);
    expect([kinds, choices].map((words) => Array.from(words))).toEqual([
      replacements.kinds,
      replacements.choices,
    ]);
  });

  it.each([
    [rowsOfLengths([]), 5],
    [few, 5],
    [many, 5],
    [many, 200_001],
  ])('tells classes', (rows, size) => {
    const classes = Uint8Array.from({ length: size }, (_, id) => (id * id) % 4);
    const ids = Int32Array.from({ length: 200_000 }, (_, i) => (i * 7919) % size);
    for (const table of [classes, classes.map((kind) => 3 - kind)]) {
      const found = kernel.classBits(rows, ids, table, (id) => {
        throw new Error(`foreign ${id}`);
      });
      const expected = [new Uint32Array(countBitWords(rows)), new Uint32Array(countBitWords(rows))];
      let word = 0;
      for (let row = 0; row < rows.count; row++) {
        for (let i = 0; i < rows.lengths[row]!; i++) {
          const kind = table[ids[rows.starts[row]! + i]!]!;
          for (const bit of [0, 1] as const)
            expected[bit]![word + (i >>> 5)]! |= ((kind >>> bit) & 1) << (i & 31);
        }
        word += (rows.lengths[row]! + 31) >>> 5;
      }
      expect(found.map((bits) => bits.slice())).toEqual(expected);
      // The table stays where it is while draws take the room behind it.
      const drawn = kernel.kernelDraws(KEY).select(rows, 0.5);
      expect(drawn.slice()).toEqual(referenceDraws(KEY).select(rows, 0.5));
    }
  });

  it.each([0, 1, 42])('names the first id that has no class, at %i', (at) => {
    const ids = new Int32Array(60).fill(2);
    ids[9 + at] = 5;
    ids[9 + 42] = 7;
    const read = () =>
      kernel.classBits(rowsOfLengths([3, 40], 9), ids, new Uint8Array(5), (id) => {
        throw new Error(`foreign ${id}`);
      });
    expect(read).toThrow(at === 42 ? 'foreign 7' : 'foreign 5');
  });
});

describe('counters', () => {
  it('hold the epoch above the split, which stands above the stream', () => {
    expect(selectionWord(0, 'train')).toBe(0);
    expect(selectionWord(0, 'validation')).toBe(2);
    expect(selectionWord(5, 'train')).toBe(20);
    expect(LAST_EPOCH).toBe(1_073_741_823);
    expect(selectionWord(LAST_EPOCH, 'validation')).toBe(0xffff_fffe);
  });

  it('select by a word of the block of four positions, below the chance and not at it', () => {
    const rows = rowsOfLengths([10]);
    const draw = philox([1, 0, 0, 0], KEY)[2];
    const isMasked = (chance: number) => (referenceDraws(KEY).select(rows, chance)[0]! >>> 6) & 1;
    expect([isMasked(draw / 2 ** 32), isMasked((draw + 1) / 2 ** 32)]).toEqual([0, 1]);
  });

  it('count words of 32 bits, row by row', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100)), (lengths) => {
        const words = lengths.map((length) => Math.ceil(length / 32)).reduce((a, b) => a + b, 0);
        expect(countBitWords(rowsOfLengths(lengths))).toBe(words);
      }),
    );
  });
});
