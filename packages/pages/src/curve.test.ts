import fc from 'fast-check';
import { expect, test } from 'vitest';
import { centredMean, type Points, thin } from './curve.js';

const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
const points = fc
  .array(value, { minLength: 1, maxLength: 3000 })
  .map((values): Points => values.map((y, i) => [i + 1, y]));

test('the centred mean of a straight line is the line', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), value, value, (length, from, slope) => {
      const line: Points = Array.from({ length }, (_, i) => [i, from + slope * i]);
      for (const [i, [step, mean]] of centredMean(line).entries()) {
        expect(step).toBe(line[i]![0]);
        expect(mean).toBeCloseTo(line[i]![1], 4);
      }
    }),
    { numRuns: 20 },
  );
});

test('the centred mean read backwards is the mean of the data read backwards', () => {
  fc.assert(
    fc.property(points, (data) => {
      const backwards = (list: Points): Points => list.map(([x], i) => [x, list[list.length - 1 - i]![1]]);
      const means = centredMean(data);
      for (const [i, [, mean]] of centredMean(backwards(data)).entries())
        expect(mean).toBeCloseTo(backwards(means)[i]![1], 6);
    }),
    { numRuns: 20 },
  );
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
