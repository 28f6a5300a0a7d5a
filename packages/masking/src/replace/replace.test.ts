import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { givenDraws } from '../random/given.js';
import { namedReplacement, replaceMasked, replacementOf, replacements } from './index.js';

describe('shares of replacement', () => {
  it('are those of the papers by their names', () => {
    expect(replacements).toEqual({ mask: { mask: 1, random: 0 }, bert: { mask: 0.8, random: 0.1 } });
    expect(replacementOf('mask')).toEqual({ mask: 1, random: 0 });
    expect(replacementOf('bert')).toEqual({ mask: 0.8, random: 0.1 });
  });

  it('are any three that sum to 1', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), (a, b) => {
        const [low, high] = [Math.min(a, b) / 100, Math.max(a, b) / 100];
        expect(replacementOf([low, high - low, 1 - high])).toEqual({ mask: low, random: high - low });
      }),
    );
    expect(replacementOf([0.3, 0.3, 0.4 + 5e-10])).toEqual({ mask: 0.3, random: 0.3 });
  });

  it.each([
    [[0.5, 0.5]],
    [[0.5, 0.25, 0.25, 0]],
    [[0.5, 0.5, 0.5]],
    [[0.1, 0.1, 0.1]],
    [[1.5, -0.5, 0]],
    [[-0.5, 0.5, 1]],
    [[Number.NaN, 0.5, 0.5]],
    [[0.5, '0.5', 0]],
    [[0.5, 0.3, 0.2 + 1e-8]],
    [[0.5, 0.3, 0.2 - 1e-8]],
  ])('are refused where they are not: %o', (shares) => {
    const read = () => replacementOf(shares as unknown as [number, number, number]);
    expect(read).toThrow(InputError);
    expect(read).toThrow(
      `replace ${shares.join(',')}: expected the shares of [MASK], random and kept tokens, which sum to 1`,
    );
  });

  it.each(['keep', 'toString', ''])('have no other name: %o', (name) => {
    expect(() => replacementOf(name)).toThrow(InputError);
    expect(() => replacementOf(name)).toThrow(
      `replace "${name}": expected "mask", "bert", or three shares such as 0.8,0.1,0.1`,
    );
  });

  it('go by their name where they have one', () => {
    expect(namedReplacement([1, 0, 0])).toBe('mask');
    expect(namedReplacement([0.8, 0.1, 0.1])).toBe('bert');
    expect(namedReplacement('bert')).toBe('bert');
    for (const shares of [
      [0.8, 0.2, 0],
      [0.9, 0.1, 0],
      [0, 0, 1],
    ] as const)
      expect(namedReplacement(shares)).toBe(shares);
  });
});

describe('masked positions', () => {
  const rows = {
    count: 1,
    starts: Int32Array.of(0),
    lengths: Int32Array.of(6),
    padding: Int32Array.of(0),
    rows: Int32Array.of(0),
    units: Int32Array.of(0),
    lasts: Int32Array.of(0),
  };

  it('are replaced by the draw of their kind: [MASK] below the first share, a random id below the second, else kept', () => {
    const uniforms = {
      select: [],
      kind: [0, 0.4999, 0.5, 0.7499, 0.75, 0.9],
      id: [0.9, 0.9, 0, 0.9, 0.9, 0.5],
    };
    const ids = Int32Array.of(10, 11, 12, 13, 14, 15);
    const all = Int32Array.of(0, 1, 2, 3, 4, 5);
    const masked = { count: 6, indices: all, rowOf: new Int32Array(6), kindOf: all };
    const rule = { maskId: 4, randomIds: Int32Array.of(7, 8) };
    replaceMasked(ids, masked, rows, rule, { mask: 0.5, random: 0.25 }, givenDraws(uniforms));
    expect([...ids]).toEqual([4, 4, 7, 8, 14, 15]);
  });

  it('of a run that is replaced as one share the kind of its first, and each have an id of their own', () => {
    const uniforms = { select: [], kind: [0.6, 0, 0.9, 0.9, 0, 0], id: [0, 0.9, 0, 0.9, 0, 0] };
    const ids = Int32Array.of(10, 11, 12, 13, 14, 15);
    const masked = {
      count: 4,
      // The arrays may be longer than their count.
      indices: Int32Array.of(0, 1, 3, 4, 2),
      rowOf: new Int32Array(5),
      kindOf: Int32Array.of(0, 0, 2, 2, 1),
    };
    const rule = { maskId: 4, randomIds: Int32Array.of(7, 8) };
    replaceMasked(ids, masked, rows, rule, { mask: 0.5, random: 0.25 }, givenDraws(uniforms));
    expect([...ids]).toEqual([7, 8, 12, 13, 14, 15]);
  });

  it('keep their ids where there are no random ones to draw', () => {
    const ids = Int32Array.of(10, 11);
    const both = Int32Array.of(0, 1);
    const masked = { count: 2, indices: both, rowOf: new Int32Array(2), kindOf: both };
    const draws = givenDraws({ select: [], kind: [0.2, 0.7], id: [0.5, 0.5] });
    const rule = { maskId: 4, randomIds: new Int32Array(0) };
    replaceMasked(ids, masked, rows, rule, { mask: 0.5, random: 0 }, draws);
    expect([...ids]).toEqual([4, 11]);
  });
});
