import type { ListColumn, MaskedColumns } from '@mlm/arrow';
import { expect, it } from 'vitest';
import { columnOf } from '../testing.fixture.js';
import { findDifferences, valueAt } from './violation.js';

const bytes = (rows: number[][]): ListColumn<Int8Array> => {
  const { values, offsets } = columnOf(rows);
  return { values: Int8Array.from(values), offsets };
};

const rows = [[1, 2, 3], [], [4, 5]];
const expected: MaskedColumns = {
  input_ids: columnOf(rows),
  labels: columnOf([[-100, 2, -100], [], [-100, 5]]),
  attention_mask: bytes([[1, 1, 1], [], [1, 1]]),
};

/** The columns with one value changed. */
function changed(name: keyof MaskedColumns, index: number, value: number): MaskedColumns {
  const columns = structuredClone(expected);
  columns[name]!.values[index] = value;
  return columns;
}

it('columns like those of the rule have no differences', () => {
  expect(findDifferences(structuredClone(expected), expected, 5)).toEqual([]);
  const { attention_mask: _, ...others } = structuredClone(expected);
  expect(findDifferences(others, expected, 5)).toEqual([]);
});

it('columns of a slice are compared by their rows', () => {
  const slice = {
    ...structuredClone(expected),
    input_ids: { values: Int32Array.of(9, 9, 1, 2, 3, 4, 5, 9), offsets: Int32Array.of(2, 5, 5, 7) },
  };
  expect(findDifferences(slice, expected, 5)).toEqual([]);
  expect(valueAt(slice.input_ids, 2, 1)).toBe(5);
  slice.input_ids.values[6] = 7;
  expect(findDifferences(slice, expected, 5)).toEqual([
    { row: 2, position: 1, message: 'input_ids is 7, but the rule with its seed gives 5' },
  ]);
});

it.each([
  ['input_ids', 1, 8, 0, 1, 'input_ids is 8, but the rule with its seed gives 2'],
  ['labels', 3, 4, 2, 0, 'labels is 4, but the rule with its seed gives -100'],
  ['attention_mask', 4, 0, 2, 1, 'attention_mask is 0, but the rule with its seed gives 1'],
] as const)('%s that differ at %d are told', (name, index, value, row, position, message) => {
  expect(findDifferences(changed(name, index, value), expected, 5)).toEqual([{ row, position, message }]);
});

it('the first position of each row is told, of as many rows as are wanted', () => {
  const columns = changed('input_ids', 1, 8);
  columns.labels.values.fill(7);
  const found = findDifferences(columns, expected, 5);
  expect(found.map(({ row, position }) => [row, position])).toEqual([
    [0, 0],
    [2, 0],
  ]);
  expect(findDifferences(columns, expected, 1).map(({ row }) => row)).toEqual([0]);
  expect(findDifferences(columns, expected, 0)).toEqual([]);
});

it('a difference in a column is told where another column is missing', () => {
  const { attention_mask: _, ...others } = changed('labels', 4, -100);
  expect(findDifferences(others, expected, 5)).toEqual([
    { row: 2, position: 1, message: 'labels is -100, but the rule with its seed gives 5' },
  ]);
});
