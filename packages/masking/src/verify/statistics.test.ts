import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  bernsteinTest,
  binomialAtLeast,
  binomialTest,
  binomialTestBound,
  dispersionTest,
  normalTest,
} from './statistics.js';

// By exact fractions: Python's `min(1, 2 * min(sum(comb(n, i) * p**i * (1 - p)**(n - i))))` over either tail.
it.each([
  [0, 10, 1 / 2, 0.001953125],
  [10, 10, 1 / 2, 0.001953125],
  [5, 10, 1 / 2, 1],
  [3, 100, 3 / 20, 0.0001857029088122495],
  [40, 100, 3 / 20, 2.3754114928100306e-9],
  [1, 1000, 3 / 20, 9.312839081481283e-69],
  [400, 2000, 3 / 20, 2.0979395322179356e-9],
  [150, 1000, 3 / 20, 1],
  [1999, 2000, 4 / 5, 1.5164975234688456e-191],
])('%d of %d with the chance %d has the p-value of exact arithmetic', (k, n, chance, p) => {
  expect(Math.abs(binomialTest(k, n, chance) / p - 1)).toBeLessThan(1e-9);
});

it('the tails of a binomial variable sum to 1', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.nat(),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      (n, at, chance) => {
        const k = at % (n + 1);
        const sum = binomialAtLeast(k, n, chance) + binomialAtLeast(n - k + 1, n, 1 - chance);
        expect(sum).toBeCloseTo(1, 6);
      },
    ),
  );
});

it('a chance of 0 or 1, and no trials, are certain', () => {
  expect(binomialTest(0, 10, 0)).toBe(1);
  expect(binomialTest(1, 10, 0)).toBe(0);
  expect(binomialTest(10, 10, 1)).toBe(1);
  expect(binomialTest(9, 10, 1)).toBe(0);
  expect(binomialTest(0, 0, 0.3)).toBe(1);
});

it('a lower bound of the p-value is never above it, nor far below it where few are counted', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: -9000, max: 9000 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (n, thousandths, chance) => {
        const deviation = (thousandths / 1000) * Math.sqrt(n * chance * (1 - chance));
        const k = Math.min(n, Math.max(0, Math.round(n * chance + deviation)));
        const [bound, p] = [binomialTestBound(k, n, chance), binomialTest(k, n, chance)];
        expect(bound).toBeLessThanOrEqual(p);
        expect(bound * 10 * Math.sqrt(n)).toBeGreaterThan(Math.min(p, 1e-4));
      },
    ),
    { numRuns: 1000 },
  );
  expect(binomialTestBound(10, 10, 1 / 2)).toBeCloseTo(0.001953125, 6);
  expect(binomialTestBound(0, 3, 1 / 2)).toBeCloseTo(0.25, 6);
});

it('Bernstein’s bound is never below the exact tail', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 2000 }), fc.nat(), (n, at) => {
      const k = at % (n + 1);
      const bound = bernsteinTest(k - 0.3 * n, n * 0.3 * 0.7, 1);
      expect(bound).toBeGreaterThanOrEqual(binomialTest(k, n, 0.3) * (1 - 1e-9));
    }),
  );
});

it('Bernstein’s bound is 2 exp(−d² / (2 (variance + largest · d / 3))), at most 1', () => {
  for (const deviation of [10, -10])
    expect(bernsteinTest(deviation, 4, 3)).toBeCloseTo(2 * Math.exp(-100 / 28), 12);
  expect(bernsteinTest(0, 0, 0)).toBe(1);
  expect(bernsteinTest(1, 100, 1)).toBe(1);
});

it('normal and χ² tails are those of tables', () => {
  expect(normalTest(1.959964)).toBeCloseTo(0.05, 6);
  expect(normalTest(0)).toBeCloseTo(1, 6);
  expect(normalTest(-4.891638)).toBeCloseTo(1e-6, 9);
  // χ² with 1000 degrees of freedom: 1143.917 leaves 0.1 % above it.
  expect(dispersionTest(1143.917, 1000, 2000)).toBeCloseTo(0.002, 4);
  // Three times that variable.
  expect(dispersionTest(3 * 1143.917, 3000, 9 * 2000)).toBeCloseTo(0.002, 4);
});
