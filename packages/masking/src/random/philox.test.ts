import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Words } from './counter.js';
import { kernelBlock, kernelDraws } from './kernel.js';
import { philox, referenceDraws } from './reference.js';

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

describe('draws', () => {
  it('selects the same positions in plain TypeScript and in the kernel', () => {
    const rows = fc.array(fc.record({ length: fc.integer({ min: 0, max: 150 }), row: int31, unit: int31 }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(rows, seeds, epochs, splits, probabilities, (rows, seed, epoch, split, probability) => {
        const input = {
          starts: Int32Array.from(rows, () => 0),
          lengths: Int32Array.from(rows, ({ length }) => length),
          rows: Int32Array.from(rows, ({ row }) => row),
          units: Int32Array.from(rows, ({ unit }) => unit),
        };
        const expected = referenceDraws(seed, epoch, split).select(input, probability);
        expect(kernelDraws(seed, epoch, split).select(input, probability).slice()).toEqual(expected);
      }),
    );
  });

  it('replaces the same way in plain TypeScript and in the kernel', () => {
    const positions = fc.array(fc.record({ position: int31, row: int31, unit: int31 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        positions,
        seeds,
        epochs,
        splits,
        fc.integer({ min: 1, max: 0x7fffffff }),
        (positions, seed, epoch, split, range) => {
          const input = {
            indices: Int32Array.from(positions, (_, i) => i),
            positions: Int32Array.from(positions, ({ position }) => position),
            rows: Int32Array.from(positions, ({ row }) => row),
            units: Int32Array.from(positions, ({ unit }) => unit),
          };
          const expected = referenceDraws(seed, epoch, split).replace(input, range);
          const found = kernelDraws(seed, epoch, split).replace(input, range);
          expect(Array.from(found.kinds)).toEqual(Array.from(expected.kinds));
          expect(Array.from(found.choices)).toEqual(Array.from(expected.choices));
          for (const choice of Array.from(found.choices)) expect(choice).toBeLessThan(range);
        },
      ),
    );
  });
});
