import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Points, smoothed, thin } from './curve.js';

const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
const points = fc
  .array(value, { minLength: 1, maxLength: 3000 })
  .map((values): Points => values.map((y, i) => [i + 1, y]));

test('a straight line stays itself when smoothed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), value, value, (length, from, slope) => {
      const line: Points = Array.from({ length }, (_, i) => [i, from + slope * i]);
      for (const [i, [step, mean]] of smoothed(line).entries()) {
        expect(step).toBe(line[i]![0]);
        expect(mean).toBeCloseTo(line[i]![1], 4);
      }
    }),
    { numRuns: 20 },
  );
});

test('the smooth line read backwards is that of the data read backwards', () => {
  fc.assert(
    fc.property(points, (data) => {
      const backwards = (list: Points): Points => list.map(([x], i) => [x, list[list.length - 1 - i]![1]]);
      const means = smoothed(data);
      for (const [i, [, mean]] of smoothed(backwards(data)).entries())
        expect(mean).toBeCloseTo(backwards(means)[i]![1], 6);
    }),
    { numRuns: 20 },
  );
});

test('far from the ends the smooth line is the mean of as many neighbours on either side', () => {
  fc.assert(
    fc.property(points, (data) => {
      const reach = Math.floor(data.length / 50);
      const line = smoothed(data);
      for (let i = reach; i < data.length - reach; i += 97) {
        const near = data.slice(i - reach, i + reach + 1);
        expect(line[i]![1]).toBeCloseTo(near.reduce((sum, [, y]) => sum + y, 0) / near.length, 6);
      }
    }),
    { numRuns: 20 },
  );
});

test('the end of the smooth line does not follow single points', () => {
  const data: Points = Array.from({ length: 1000 }, (_, i) => [i + 1, i === 999 ? 10 : 0]);
  expect(smoothed(data).at(-1)![1]).toBeLessThan(2.1);
});

test('thinning keeps peaks', () => {
  const data: Points = Array.from({ length: 5000 }, (_, i) => [
    i + 1,
    i === 1234 ? 10 : i === 4321 ? -10 : 0,
  ]);
  expect(thin(data)).toContainEqual([1235, 10]);
  expect(thin(data)).toContainEqual([4322, -10]);
});

test('thinning keeps both ends, the order and the range, and at most 800 points', () => {
  fc.assert(
    fc.property(points, (data) => {
      const thinned = thin(data);
      expect(thinned.length).toBeLessThanOrEqual(800);
      expect(thinned[0]).toEqual(data[0]);
      expect(thinned.at(-1)).toEqual(data.at(-1));
      const values = data.map(([, y]) => y);
      const [least, most] = [Math.min(...values), Math.max(...values)];
      for (const [i, [x, y]] of thinned.entries()) {
        if (i > 0) expect(x).toBeGreaterThan(thinned[i - 1]![0]);
        expect(y).toBeGreaterThanOrEqual(least - 1e-9);
        expect(y).toBeLessThanOrEqual(most + 1e-9);
      }
    }),
    { numRuns: 20 },
  );
});
