import { ColumnMemory } from '@mlm/arrow/columns';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskRows } from '../rows/mask-rows.js';
import { repeatRows } from '../rows/originals.js';
import { bert, columnOf, plainRows, rowsOf, ruleOf } from '../testing.fixture.js';
import { createStage, maskStage } from './stage.js';

const place = { unit: 2, firstRow: 5, split: 'train' as const };

test('a stage describes its rule: settings, the rows it makes of one, and a version beyond the first alone', () => {
  const once = maskStage(ruleOf());
  expect(once.rowFactor).toBe(1);
  expect(once.description).toEqual({ masking: ruleOf().settings });
  const exact = ruleOf({ dupe_factor: 3, exact_count: true });
  expect(maskStage(exact).rowFactor).toBe(3);
  expect(maskStage(exact).description).toEqual({ format_version: 2, masking: exact.settings });
});

test('rows drawn several times stand where their copies do, and documents begin in each where they did', () => {
  const rule = ruleOf({ dupe_factor: 2 });
  const starts = columnOf([[0, 3], [0], [0, 2, 8]]);
  const made = createStage(rule)({
    columns: { input_ids: plainRows(3, 40), document_starts: starts },
    place,
  });
  expect(made.place.firstRow).toBe(10);
  expect(rowsOf(made.columns.document_starts as never)).toEqual(rowsOf(starts).flatMap((row) => [row, row]));
  const copies = repeatRows(plainRows(3, 40), 2);
  const expected = maskRows(copies, rule, { ...place, firstRow: 10 });
  expect(rowsOf(made.columns.labels as never)).toEqual(rowsOf(expected.labels));
  expect(Object.keys(createStage(rule)({ columns: { input_ids: plainRows(3, 40) }, place }).columns)).toEqual(
    ['input_ids', 'labels', 'attention_mask'],
  );
});

test('rows drawn several times are so in the memory that holds them, next to one another', () => {
  for (const dupe_factor of [1, 3]) {
    const rule = ruleOf({ dupe_factor });
    const { values, offsets } = plainRows(3, 40);
    const memory = new ColumnMemory();
    memory.begin(values.length + 2).set(values, 2);
    const input_ids = {
      values: memory.resize(values.length + 2),
      offsets: offsets.map((offset) => offset + 2),
    };
    const made = createStage(rule)({ columns: { input_ids }, place, memory });
    expect(made.memory).toBe(memory);
    const own = createStage(rule)({ columns: { input_ids: plainRows(3, 40) }, place });
    expect(made.place).toEqual(own.place);
    expect(made.columns).toEqual(own.columns);
    const columns = Object.values(made.columns);
    for (const column of columns) expect(column.values.buffer).toBe(memory.wasm.buffer);
    const bytes = columns.reduce((sum, column) => sum + column.values.byteLength, 0);
    const first = made.columns.input_ids!.values.byteOffset;
    expect(memory.end - first - bytes).toBeLessThan(32);
  }
});

test('what can be masked is counted in the batch’s own rows: every id that is not protected', () => {
  const id = fc.oneof(fc.constantFrom(...bert.protectedIds), fc.integer({ min: 1, max: 300 }));
  fc.assert(
    fc.property(
      fc.array(fc.array(id, { maxLength: 9 }), { minLength: 1, maxLength: 5 }),
      fc.array(id, { maxLength: 3 }),
      fc.array(id, { maxLength: 3 }),
      (list, before, after) => {
        const { values, offsets } = columnOf(list);
        const input_ids = {
          values: Int32Array.from([...before, ...values, ...after]),
          offsets: offsets.map((offset) => offset + before.length),
        };
        const { place: made } = createStage(ruleOf())({ columns: { input_ids }, place });
        const maskable = list.flat().filter((token) => !bert.protectedIds.includes(token)).length;
        expect(made.counts?.maskable).toBe(maskable);
      },
    ),
  );
});
