import { type MaskedColumns, maskedBatch } from '@mlm/arrow';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maskRows, remaskRows } from '../rows/mask-rows.js';
import { IGNORED_LABEL } from '../rows/originals.js';
import { consecutiveRows } from '../rows/places.js';
import type { MaskingRule } from '../rule.js';
import { columnOf, describeRule, rowsOf, ruleOf } from '../testing.fixture.js';
import { RowCounter } from './counter.js';
import { brokenCount, brokenLaw } from './laws.js';
import { Redraw } from './redraw.js';
import { emptyTally } from './tally.js';
import { MaskingCheck } from './verify-masking.js';

const VOCABULARY = 40;
const [PAD, SEP, MASK] = [0, 1, 2];

const rules = fc
  .record({
    probability: fc.constantFrom(0, 0.15, 0.5, 1),
    replace: fc.constantFrom('mask' as const, 'bert' as const, [0.5, 0.5, 0] as const, [0, 0, 1] as const),
    labels: fc.constantFrom('masked' as const, 'masked' as const, 'all' as const),
    select: fc.constantFrom('token' as const, 'whole-word' as const, 'span' as const),
    seed: fc.nat(),
    more: fc.constantFrom({}, {}, { exact_count: true }, { max_masks: 3 }, { dupe_factor: 3 }),
  })
  .map(({ more, ...settings }) =>
    ruleOf({
      ...settings,
      ...more,
      maskId: MASK,
      padId: PAD,
      protectedIds: [SEP],
      vocabularySize: VOCABULARY,
    }),
  );

/** Rows up to longer than what is worked on at a time. */
const rows = fc.array(
  fc
    .tuple(
      fc.array(fc.integer({ min: 1, max: VOCABULARY - 1 }), { minLength: 1, maxLength: 80 }),
      fc.constantFrom(1, 1, 1, 1, 1, 500),
      fc.constantFrom(0, 1, 40),
    )
    .map(([ids, times, padding]) => [
      ...Array.from({ length: times }, () => ids).flat(),
      ...new Array<number>(padding).fill(PAD),
    ]),
  { minLength: 1, maxLength: 6 },
);

const place = { unit: 0, firstRow: 0, split: 'train' as const };

/** A check of rows by what their dataset's metadata says. */
function checkOf(rule: MaskingRule, count: number): MaskingCheck {
  return new MaskingCheck({ ...describeRule(rule), split: 'train', rows_per_unit: [count] }, undefined, 99);
}

/** Changes to a row that may or may not obey the laws: its values, or the positions of its masks. */
const changes = fc.array(
  fc.record({
    column: fc.constantFrom('input_ids' as const, 'labels' as const),
    at: fc.nat(),
    value: fc.constantFrom(IGNORED_LABEL, SEP, MASK, 3, 4, 5),
    isUnmasked: fc.boolean(),
  }),
  { maxLength: 2 },
);

function change(
  columns: MaskedColumns,
  {
    column,
    at,
    value,
    isUnmasked,
  }: { column: 'input_ids' | 'labels'; at: number; value: number; isUnmasked: boolean },
): void {
  const { input_ids, labels } = columns;
  const i = at % labels.values.length;
  if (isUnmasked && labels.values[i] !== IGNORED_LABEL) {
    input_ids.values[i] = labels.values[i]!;
    labels.values[i] = IGNORED_LABEL;
  } else columns[column].values[i] = value;
}

/** Rows that are not what masking their originals again gives, up to the first that breaks a law, by whole rows. */
function differingRows(found: MaskedColumns, rule: MaskingRule): number[] {
  const broken = rowsOf(found.input_ids).findIndex((ids, row) => {
    if (brokenLaw(found, row, { rule, isDeclared: true, share: Number.NaN })) return true;
    const labels = rowsOf(found.labels)[row]!;
    const maskable = rowsOf(found.input_ids)[row]!.filter(
      (id, i) => rule.isProtected[labels[i] === IGNORED_LABEL ? id : labels[i]!] === 0,
    );
    const masked = labels.filter((label) => label !== IGNORED_LABEL).length;
    return brokenCount(masked, ids.length, maskable.length, rule) !== undefined;
  });
  const sound = broken < 0 ? found.input_ids.offsets.length - 1 : broken;
  const cut = <T extends { offsets: Int32Array }>(column: T) => ({
    ...column,
    offsets: column.offsets.subarray(0, sound + 1),
  });
  const [input_ids, labels] = [cut(found.input_ids), cut(found.labels)];
  const again = remaskRows({ input_ids, labels }, rule, place, 0);
  const differing = rowsOf(input_ids).flatMap((ids, row) => {
    const isSame =
      [ids, rowsOf(labels)[row]].toString() ===
      [rowsOf(again.input_ids)[row], rowsOf(again.labels)[row]].toString();
    return isSame ? [] : [row];
  });
  return broken < 0 ? differing : [...differing, broken];
}

it('the rows named are those that masking again makes otherwise, whatever was changed in them', () => {
  let [same, other] = [0, 0];
  fc.assert(
    fc.property(rows, rules, changes, fc.boolean(), (rows, rule, changed, isReseeded) => {
      const { settings } = rule;
      const made = isReseeded ? { ...rule, settings: { ...settings, seed: settings.seed + 1 } } : rule;
      const found = maskRows(columnOf(rows), made, place);
      for (const one of changed) change(found, one);
      const check = checkOf(rule, rows.length);
      check.add(maskedBatch(found), 0);
      const expected = differingRows(found, rule);
      const named = check.violations.map(({ row }) => row);
      expect(named.slice(0, expected.length)).toEqual(expected);
      if (expected.length === 0) expect(named).toEqual([]);
      if (expected.length === 0) same++;
      else other++;
    }),
    { numRuns: 300 },
  );
  expect(Math.min(same, other)).toBeGreaterThan(30);
});

it.each([
  ['a kept token whose label was removed', { replace: [0, 0, 1] }, IGNORED_LABEL],
  ['a token that was put back, with labels at all tokens', { labels: 'all' }, undefined],
] as const)('%s is named by its row', (_, changes, label) => {
  const rule = ruleOf({
    ...changes,
    maskId: MASK,
    padId: PAD,
    protectedIds: [SEP],
    vocabularySize: VOCABULARY,
  });
  const rows = Array.from({ length: 4 }, (_, row) =>
    Array.from({ length: 70 }, (_, i) => 3 + ((i + row) % 37)),
  );
  const found = maskRows(columnOf(rows), rule, place);
  const at = rows.flat().findIndex((id, i) => {
    const isMasked =
      rule.settings.labels === 'all' ? found.input_ids.values[i] !== id : found.labels.values[i] === id;
    return i > 140 && isMasked;
  });
  found.input_ids.values[at] = rows.flat()[at]!;
  if (label !== undefined) found.labels.values[at] = label;
  const check = checkOf(rule, rows.length);
  check.add(maskedBatch(found), 0);
  expect(check.violations.map(({ row, position }) => 70 * row + position)).toEqual([at]);
});

it('masks that other draws make too are counted as by masking again', () => {
  fc.assert(
    fc.property(rows, rules, (rows, rule) => {
      const { settings, classes } = rule;
      const found = maskRows(columnOf(rows), rule, place);
      const check = checkOf(rule, rows.length);
      check.add(maskedBatch(found), 0);
      const isCounted = (label: number) => (settings.select ?? 'token') === 'token' || classes[label] === 1;
      const chosen = [...found.labels.values.keys()].filter((i) => {
        const label = found.labels.values[i]!;
        return settings.labels === 'masked' && label !== IGNORED_LABEL && isCounted(label);
      });
      const reseeded = { ...rule, settings: { ...settings, seed: settings.seed + 1 } };
      const again = [remaskRows(found, rule, place, 1), remaskRows(found, reseeded, place, 0)].map(
        ({ labels }) => chosen.filter((i) => labels.values[i] !== IGNORED_LABEL).length,
      );
      const { chosenBefore, chosenAgain } = check.counted();
      expect([...chosenBefore.subarray(0, 2)]).toEqual([chosen.length, chosen.length]);
      expect([...chosenAgain.subarray(0, 2)]).toEqual(again);
    }),
    { numRuns: 200 },
  );
});

it('rows that the rule made are the same by their bits alone, so that no columns are made to compare them', () => {
  fc.assert(
    fc.property(rows, rules, (rows, rule) => {
      const elsewhere = { unit: 3, firstRow: 5, split: 'train' as const };
      const found = maskRows(columnOf(rows), rule, elsewhere);
      const counter = new RowCounter({ rule, isDeclared: true, share: rule.settings.probability });
      const longest = Math.max(...rows.map((row) => row.length));
      const scanned = counter.scan(found, 0, rows.length, longest, emptyTally(VOCABULARY, longest));
      const places = consecutiveRows(elsewhere, rows.length);
      const sound = { found, begin: 0, count: rows.length, scanned, places };
      expect(new Redraw(rule).isSame(sound)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

it('masks that the copy of a row before makes too are counted once for each pair of copies', () => {
  for (const select of ['token', 'whole-word'] as const) {
    const tokenizer = { maskId: MASK, padId: PAD, protectedIds: [SEP], vocabularySize: VOCABULARY };
    const rule = ruleOf({ ...tokenizer, select, probability: 0.5, dupe_factor: 3 });
    const rows = Array.from({ length: 12 }, (_, row) =>
      Array.from({ length: 40 + Math.floor(row / 3) }, (_, i) => 3 + (i % 37)),
    );
    const found = maskRows(columnOf(rows), rule, place);
    const check = checkOf(rule, rows.length);
    check.add(maskedBatch(found), 0);
    const labels = rowsOf(found.labels);
    const chosen = [1, 4, 7, 10].flatMap((row) =>
      [...labels[row]!.keys()].flatMap((i) => {
        const label = labels[row]![i]!;
        const isChosen = label !== IGNORED_LABEL && (select === 'token' || rule.classes[label] === 1);
        return isChosen ? [labels[row - 1]![i] !== IGNORED_LABEL] : [];
      }),
    );
    const { chosenBefore, chosenAgain } = check.counted();
    expect(chosenBefore[2]).toBe(chosen.length);
    expect(chosenAgain[2]).toBe(chosen.filter(Boolean).length);
    expect(chosen.length).toBeGreaterThan(40);
  }
});
