import { ColumnMemory } from '@mlm/arrow/columns';
import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DrawRows } from '../random/draws.js';
import type { MaskingRule } from '../rule.js';
import { columnOf, ruleOf } from '../testing.fixture.js';
import { columnsInPlace, countProtected, labelRows, loadRows } from './label.js';
import { IGNORED_LABEL } from './originals.js';

const VOCABULARY = 40;

/** Rows around the sizes of the kernel's words, empty ones too, after ids that are not theirs. */
const cases = fc
  .record({
    rows: fc.array(
      fc
        .constantFrom(0, 1, 31, 32, 33, 64, 70)
        .chain((length) => fc.array(fc.nat(VOCABULARY - 1), { minLength: length, maxLength: length })),
      { minLength: 1, maxLength: 5 },
    ),
    before: fc.nat(3),
    protectedIds: fc.uniqueArray(fc.nat(VOCABULARY - 1), { maxLength: 6 }),
    labels: fc.constantFrom('masked' as const, 'all' as const),
    putMask: fc.boolean(),
    hasRuns: fc.boolean(),
    isInPlace: fc.boolean(),
  })
  .chain((parts) => {
    const words = parts.rows.reduce((sum, { length }) => sum + Math.ceil(length / 32), 0);
    const bits = fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: words, maxLength: words });
    return fc.record({ parts: fc.constant(parts), bits, starts: bits });
  });

function drawRows(rows: number[][], before: number): DrawRows {
  const zeros = new Int32Array(rows.length);
  const lengths = Int32Array.from(rows, ({ length }) => length);
  const starts = new Int32Array(rows.length);
  for (let row = 0, start = before; row < rows.length; row++) {
    starts[row] = start;
    start += lengths[row]!;
  }
  return { count: rows.length, starts, lengths, padding: zeros, rows: zeros, units: zeros, lasts: zeros };
}

function ownArrays(ids: Int32Array) {
  return { ids, labels: new Int32Array(ids.length), place: undefined };
}

/** Arrays in memory that has room for more without growing. */
function inMemory(values: Int32Array, { classes }: MaskingRule) {
  const memory = new ColumnMemory();
  memory.begin(1 << 14);
  const { byteOffset } = memory.resize(values.length);
  const labelsAt = memory.add(4 * values.length);
  const ids = memory.int32(byteOffset, values.length);
  ids.set(values);
  const labels = memory.int32(labelsAt, values.length);
  return { ids, labels, place: columnsInPlace(memory, byteOffset, labelsAt, classes) };
}

it('labels and lists what a plain loop over the positions does', () => {
  fc.assert(
    fc.property(cases, ({ parts, bits, starts }) => {
      const { rows, before, protectedIds, putMask, hasRuns, isInPlace } = parts;
      const rule = ruleOf({
        maskId: 2,
        padId: 0,
        vocabularySize: VOCABULARY,
        protectedIds,
        labels: parts.labels,
      });
      const values = Int32Array.from([...new Array<number>(before).fill(-7), ...rows.flat(), -7]);
      const { ids, labels, place } = isInPlace ? inMemory(values, rule) : ownArrays(values);
      labels.fill(-9);
      const [expectedIds, expectedLabels] = [ids.slice(), labels.slice()];
      const list: [index: number, row: number, kind: number][] = [];
      let [index, word, kind] = [before, 0, 0];
      rows.forEach((row, r) => {
        // Bits beyond the row's end are never set.
        const lastWord = word + Math.ceil(row.length / 32) - 1;
        if (row.length % 32 > 0) bits[lastWord]! &= (1 << (row.length % 32)) - 1;
        row.forEach((id, position) => {
          const at = word + (position >>> 5);
          const isMasked = ((bits[at]! >>> position) & 1) === 1 && rule.isProtected[id] === 0;
          expectedLabels[index] = isMasked || parts.labels === 'all' ? id : IGNORED_LABEL;
          if (isMasked && putMask) expectedIds[index] = 2;
          if (isMasked) {
            if (!hasRuns || (starts[at]! >>> position) & 1) kind = list.length;
            list.push([index, r, kind]);
          }
          index++;
        });
        word = lastWord + 1;
      });
      const masked = {
        bits: Uint32Array.from(bits),
        runStarts: hasRuns ? Uint32Array.from(starts) : undefined,
      };
      // Columns in place are reached by their addresses alone.
      const [given, made] = isInPlace ? [new Int32Array(0), new Int32Array(0)] : [ids, labels];
      const loaded = loadRows(drawRows(rows, before), given, rule, place);
      const found = labelRows(masked, loaded, given, made, rule, putMask);
      expect(found.count).toBe(list.length);
      expect([...ids]).toEqual([...expectedIds]);
      expect([...labels]).toEqual([...expectedLabels]);
      const columns = [found.indices, found.rowOf, found.kindOf].map((column) => [...column]);
      expect(columns).toEqual([0, 1, 2].map((i) => (putMask ? [] : list.map((entry) => entry[i]!))));
    }),
  );
});

it('counts padding and protected ids as a plain loop does, ids outside the vocabulary too', () => {
  // Enough ids at a time that most are compared sixteen at once.
  const row = fc
    .tuple(fc.array(fc.integer({ min: -2, max: VOCABULARY + 1 }), { maxLength: 70, size: 'max' }), fc.nat(5))
    .map(([ids, padding]) => [...ids, ...new Array<number>(padding).fill(3)]);
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 5 }),
      fc.nat(3),
      fc.uniqueArray(fc.nat(VOCABULARY - 1), { maxLength: 6 }),
      (rows, before, protectedIds) => {
        const rule = ruleOf({ maskId: 2, padId: 3, vocabularySize: VOCABULARY, protectedIds });
        const ids = Int32Array.from([...new Array<number>(before).fill(3), ...rows.flat(), 3]);
        const loaded = loadRows(drawRows(rows, before), ids, rule);
        const paddings = rows.map((own) => own.length - 1 - own.findLastIndex((id) => id !== 3));
        expect([...loaded.rows.padding]).toEqual(paddings);
        expect(loaded.padding).toBe(paddings.reduce((sum, count) => sum + count, 0));
        expect(countProtected(loaded)).toBe(rows.flat().filter((id) => rule.isProtected[id] === 1).length);
      },
    ),
  );
});

it.each([40, -1])('an id to be masked is %d: it must be of the vocabulary', (id) => {
  const rule = ruleOf({ maskId: 2, padId: 0, vocabularySize: VOCABULARY, protectedIds: [] });
  const { values } = columnOf([[5, 6, id, 7]]);
  const label = (bits: number) =>
    labelRows(
      { bits: Uint32Array.of(bits), runStarts: undefined },
      loadRows(drawRows([[5, 6, id, 7]], 0), values, rule),
      values,
      new Int32Array(4),
      rule,
      true,
    );
  expect(label(0b1011).count).toBe(3);
  expect(() => label(0b0100)).toThrow(InputError);
  expect(() => label(0b0100)).toThrow(`input_ids holds ${id}: expected an id of the vocabulary, 0 to 39`);
});

it('rules take turns, with more rows than before', () => {
  for (const [rows, maskId] of [
    [3, 2],
    [4000, 9],
    [1, 2],
  ] as const) {
    const rule = ruleOf({
      maskId,
      padId: 0,
      vocabularySize: VOCABULARY + maskId,
      protectedIds: [20 + maskId],
    });
    const row = Array.from({ length: 64 }, (_, i) => i % (VOCABULARY + maskId));
    const all = Array.from({ length: rows }, () => row);
    const { values } = columnOf(all);
    const labels = new Int32Array(values.length);
    const bits = new Uint32Array(2 * rows).fill(-1);
    labelRows(
      { bits, runStarts: undefined },
      loadRows(drawRows(all, 0), values, rule),
      values,
      labels,
      rule,
      true,
    );
    const expected = row.map((id) => (rule.isProtected[id] ? [id, IGNORED_LABEL] : [maskId, id]));
    for (const first of [0, 64 * (rows - 1)]) {
      const found = row.map((_, i) => [values[first + i], labels[first + i]]);
      expect(found).toEqual(expected);
    }
  }
});
