import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnOf, rowsOf } from '../testing.fixture.js';
import { copyRows, fromZero, IGNORED_LABEL, repeatRows, restoreOriginals } from './originals.js';

const rows = fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 5 }), { maxLength: 6 });

/** A column of the rows that begins and ends within longer values, as a slice of a batch does. */
function within(list: number[][], before: number[], after: number[]) {
  const { values, offsets } = columnOf(list);
  return {
    values: Int32Array.from([...before, ...values, ...after]),
    offsets: offsets.map((offset) => offset + before.length),
  };
}

const edge = fc.array(fc.integer(), { maxLength: 3 });

test('each row is repeated so many times, in a row', () => {
  fc.assert(
    fc.property(rows, edge, edge, fc.integer({ min: 1, max: 4 }), (list, before, after, times) => {
      const column = within(list, before, after);
      const repeated = repeatRows(column, times);
      expect(rowsOf(repeated)).toEqual(list.flatMap((row) => Array(times).fill(row)));
      // The rows of one draw are as they came, and all others have no room to spare.
      if (times === 1) expect(repeated).toBe(column);
      else expect(repeated.values.length).toBe(times * list.flat().length);
      expect(repeated.offsets.length).toBe(times * list.length + 1);
    }),
  );
});

test('rows are the same with offsets that begin at 0; a copy shares nothing', () => {
  fc.assert(
    fc.property(rows, edge, edge, (list, before, after) => {
      const column = within(list, before, after);
      const shared = fromZero(column);
      expect(rowsOf(shared)).toEqual(list);
      expect([...shared.values]).toEqual(list.flat());
      expect(shared.offsets[0]).toBe(0);
      expect(shared.values.buffer).toBe(column.values.buffer);
      const copy = copyRows(column);
      expect(rowsOf(copy)).toEqual(list);
      expect(copy.values.buffer).not.toBe(column.values.buffer);
    }),
  );
  const column = columnOf([[1, 2], [3]]);
  expect(fromZero(column).offsets).toBe(column.offsets);
  const none = { values: new Int32Array(0), offsets: new Int32Array(0) };
  expect(fromZero(none).values.length).toBe(0);
});

test('the ids before masking are the labels where there are any, and the given ids stay as they are', () => {
  fc.assert(
    fc.property(rows, edge, edge, fc.integer({ min: 1, max: 4 }), (list, before, after, every) => {
      const masked = list.map((row) => row.map((id, i) => (i % every === 0 ? 99 : id)));
      const labels = list.map((row) => row.map((id, i) => (i % every === 0 ? id : IGNORED_LABEL)));
      const input_ids = within(masked, before, after);
      const originals = restoreOriginals({ input_ids, labels: within(labels, after, before) });
      expect(rowsOf(originals)).toEqual(list);
      expect(originals.values.length).toBe(list.flat().length);
      expect(rowsOf(input_ids)).toEqual(masked);
    }),
  );
});

test('the ids before masking of more rows than are restored at a time', () => {
  const length = 70_001;
  const ids = Int32Array.from({ length }, (_, i) => i % 9);
  const labels = Int32Array.from({ length }, (_, i) => (i % 5 === 0 ? i : IGNORED_LABEL));
  const offsets = Int32Array.of(0, 3, length);
  const { values } = restoreOriginals({
    input_ids: { values: ids, offsets },
    labels: { values: labels, offsets },
  });
  expect(values.every((id, i) => id === (i % 5 === 0 ? i : i % 9))).toBe(true);
  expect(values.length).toBe(length);
});
