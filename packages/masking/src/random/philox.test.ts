import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyWords, philox, selectionWord, type Words } from './counter.js';
import type { DrawPositions, DrawRows } from './draws.js';
import { kernelBlock, kernelDraws } from './kernel.js';
import { referenceDraws } from './reference.js';

// Known-answer vectors of Random123 (kat_vectors, philox4x32 10).
const knownAnswers: { counter: Words; key: [number, number]; block: Words }[] = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    block: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    block: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    block: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

const word = fc.integer({ min: 0, max: 0xffffffff });
const int31 = fc.integer({ min: 0, max: 0x7fffffff });
const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const epochs = fc.integer({ min: 0, max: 2 ** 30 - 1 });
const splits = fc.constantFrom('train' as const, 'validation' as const);
const probabilities = fc.oneof(
  fc.constantFrom(0, 1, 0.15, 2 ** -32, 1 - 2 ** -33),
  fc.double({ min: 0, max: 1, noNaN: true }),
);

describe('Philox4x32-10', () => {
  it('gives the known answers of Random123, in plain TypeScript and in the kernel', () => {
    for (const { counter, key, block } of knownAnswers) {
      expect(philox(counter, key)).toEqual(block);
      expect(kernelBlock(counter, key)).toEqual(block);
    }
  });

  it('is the same in plain TypeScript and in the kernel, for any counter and key', () => {
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect(kernelBlock(counter, key)).toEqual(philox(counter, key));
      }),
    );
  });
});

const rowsToDrawFor = fc
  .array(
    fc.record({
      length: fc.integer({ min: 0, max: 150 }),
      row: int31,
      unit: int31,
      epoch: epochs,
      split: splits,
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((rows): DrawRows => {
    const starts = rows.map((_, i) => rows.slice(0, i).reduce((sum, { length }) => sum + length, 0));
    return {
      count: rows.length,
      starts: Int32Array.from(starts),
      lengths: Int32Array.from(rows, ({ length }) => length),
      padding: new Int32Array(rows.length),
      rows: Int32Array.from(rows, ({ row }) => row),
      units: Int32Array.from(rows, ({ unit }) => unit),
      lasts: Int32Array.from(rows, ({ epoch, split }) => selectionWord(epoch, split)),
    };
  });

/** Rows, and positions in them. */
const positionsToDrawFor = fc
  .tuple(rowsToDrawFor, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }))
  .map(([rows, chosen]): [DrawRows, DrawPositions] => {
    const filled = [...rows.lengths.keys()].filter((row) => rows.lengths[row]! > 0);
    const places =
      filled.length === 0
        ? []
        : chosen.map(([row, position]) => {
            const rowOf = filled[row % filled.length]!;
            return { rowOf, index: rows.starts[rowOf]! + (position % rows.lengths[rowOf]!) };
          });
    return [
      rows,
      {
        count: places.length,
        indices: Int32Array.from(places, ({ index }) => index),
        rowOf: Int32Array.from(places, ({ rowOf }) => rowOf),
      },
    ];
  });

/** Draws by the kernel are views: copied, so that they can be compared. */
const copied = <T extends object>(draws: T) =>
  Object.fromEntries(Object.entries(draws).map(([name, words]) => [name, [...(words as Uint32Array)]]));

describe('draws are the same in plain TypeScript and in the kernel', () => {
  const keys = fc
    .tuple(seeds, fc.integer({ min: 0, max: 2 ** 32 - 1 }))
    .map(([seed, stream]) => keyWords(seed, stream));

  it('that select', () => {
    fc.assert(
      fc.property(rowsToDrawFor, keys, probabilities, (rows, key, chance) => {
        expect(kernelDraws(key).select(rows, chance).slice()).toEqual(
          referenceDraws(key).select(rows, chance),
        );
      }),
    );
  });

  it('that order the positions of a row, and are those that select', () => {
    fc.assert(
      fc.property(rowsToDrawFor, keys, probabilities, (rows, key, chance) => {
        const first = { ...rows, count: 1 };
        const ranks = [...Array.from(kernelDraws(key).rank(rows, 0))];
        expect(ranks).toEqual(Array.from(referenceDraws(key).rank(rows, 0)));
        const bits = kernelDraws(key).select(first, chance);
        expect(ranks.map((rank) => rank < chance * 2 ** 32)).toEqual(
          ranks.map((_, i) => ((bits[i >>> 5]! >>> i) & 1) === 1),
        );
      }),
    );
  });

  it('that make runs', () => {
    fc.assert(
      fc.property(positionsToDrawFor, keys, ([rows, positions], key) => {
        expect(copied(kernelDraws(key).runs(positions, rows))).toEqual(
          copied(referenceDraws(key).runs(positions, rows)),
        );
      }),
    );
  });

  it('that replace', () => {
    fc.assert(
      fc.property(
        positionsToDrawFor,
        keys,
        fc.integer({ min: 1, max: 0x7fffffff }),
        ([rows, positions], key, range) => {
          const found = copied(kernelDraws(key).replace(positions, rows, range));
          expect(found).toEqual(copied(referenceDraws(key).replace(positions, rows, range)));
          for (const choice of found.choices!) expect(choice).toBeLessThan(range);
        },
      ),
    );
  });
});

describe('keys', () => {
  it('are the seed itself for stream 0, and differ from stream to stream', () => {
    expect(keyWords(42)).toEqual([42, 0]);
    expect(keyWords(2 ** 53 - 1, 0)).toEqual([0xffffffff, 0x1fffff]);
    const keys = Array.from({ length: 1000 }, (_, stream) => keyWords(42, stream).join());
    expect(new Set(keys).size).toBe(1000);
    // Frozen: words 0 and 1 of the block of the counter (15 << 28, 1, 0, 0) under the key (42, 0).
    expect(keyWords(42, 1)).toEqual(philox([0xf0000000, 1, 0, 0], [42, 0]).slice(0, 2));
  });
});
