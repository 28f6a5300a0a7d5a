import fc from 'fast-check';
import { expect, it } from 'vitest';
import { consecutiveRows, placesOfRows } from './places.js';

it('finds unit and row of any row, past units without rows', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 10 }), (rowsPerUnit) => {
      const expected = rowsPerUnit.flatMap((count, unit) =>
        Array.from({ length: count }, (_, row) => [unit, row]),
      );
      const indices = expected.map((_, i) => i).reverse();
      const { units, rows } = placesOfRows(rowsPerUnit, indices, 'train');
      expect(indices.map((_, i) => [units[i], rows[i]]).reverse()).toEqual(expected);
    }),
  );
});

it('refuses a row that the dataset does not have', () => {
  expect(() => placesOfRows([2, 3], [5], 'train')).toThrow("row 5: the dataset's metadata states 5 rows");
});

it('rows of one unit are numbered from the first', () => {
  const { split, units, rows } = consecutiveRows({ unit: 7, firstRow: 40, split: 'validation' }, 3);
  expect([split, [...units], [...rows]]).toEqual(['validation', [7, 7, 7], [40, 41, 42]]);
});
