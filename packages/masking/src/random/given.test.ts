import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { givenDraws } from './given.js';

/** Numbers that have an exact product with 2^32. */
const uniform = fc.nat(2 ** 20 - 1).map((word) => word / 2 ** 20);
const lengths = fc.array(fc.nat(70), { minLength: 1, maxLength: 4 });

const cases = fc
  .tuple(lengths, fc.nat(5))
  .chain(([lengths, first]) => {
    const size = first + lengths.reduce((a, b) => a + b, 0);
    const numbers = fc.array(uniform, { minLength: size, maxLength: size });
    return fc.record({
      lengths: fc.constant(lengths),
      first: fc.constant(first),
      select: numbers,
      kind: numbers,
      id: numbers,
    });
  })
  .map(({ lengths, first, ...uniforms }) => {
    const starts = lengths.map((_, row) => first + lengths.slice(0, row).reduce((a, b) => a + b, 0));
    const zeros = new Int32Array(lengths.length + 1);
    const rows = {
      count: lengths.length,
      starts: Int32Array.of(...starts, 0),
      lengths: Int32Array.of(...lengths, 9),
      padding: zeros,
      rows: zeros,
      units: zeros,
      lasts: zeros,
    };
    return { rows, uniforms };
  });

describe('draws that are given', () => {
  it('select a position whose number is below the chance, and rank by the same numbers', () => {
    fc.assert(
      fc.property(cases, uniform, ({ rows, uniforms }, chance) => {
        const draws = givenDraws(uniforms);
        const bits = draws.select(rows, chance);
        let word = 0;
        for (let row = 0; row < rows.count; row++) {
          const length = rows.lengths[row]!;
          const own = uniforms.select.slice(rows.starts[row], rows.starts[row]! + length);
          expect(own.map((_, i) => (bits[word + (i >>> 5)]! >>> (i & 31)) & 1)).toEqual(
            own.map((number) => (number < chance ? 1 : 0)),
          );
          if (length % 32 > 0) expect(bits[word + (length >>> 5)]! >>> (length & 31)).toBe(0);
          expect(Array.from(draws.rank(rows, row))).toEqual(own.map((number) => number * 2 ** 32));
          word += Math.ceil(length / 32);
        }
        expect(bits).toHaveLength(word);
      }),
    );
  });

  it('replace by the numbers at the masked positions', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 1000 }), ({ rows, uniforms }, range) => {
        const indices = Int32Array.from(uniforms.kind.keys()).filter((i) => i % 3 === 1);
        const positions = { count: indices.length, indices, rowOf: new Int32Array(indices.length) };
        const { kinds, choices } = givenDraws(uniforms).replace(positions, rows, range);
        expect(Array.from(kinds)).toEqual(Array.from(indices, (i) => uniforms.kind[i]! * 2 ** 32));
        expect(Array.from(choices)).toEqual(Array.from(indices, (i) => Math.floor(uniforms.id[i]! * range)));
      }),
    );
  });

  it('have none for runs of words, and say so', () => {
    const none = { count: 0, indices: new Int32Array(0), rowOf: new Int32Array(0) };
    const rows = { ...none, starts: none.indices, lengths: none.indices, padding: none.indices };
    const runs = () =>
      givenDraws({ select: [] }).runs(none, {
        ...rows,
        rows: none.indices,
        units: none.indices,
        lasts: none.indices,
      });
    expect(runs).toThrow(InputError);
    expect(runs).toThrow('select tokens or whole words');
  });
});
