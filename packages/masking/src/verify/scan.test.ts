import type { MaskedColumns } from '@mlm/arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskRows } from '../rows/mask-rows.js';
import { columnOf, rowsOf, ruleOf } from '../testing.fixture.js';
import { RowCounter } from './counter.js';
import { brokenLaw, type Expectation, type FoundColumns } from './laws.js';
import { scanRows } from './scan.js';
import { DISTANCES, emptyTally, PARTS, type Tally } from './tally.js';

const VOCABULARY = 12;
const [PAD, SEP, MASK] = [0, 1, 2];

const expectations = fc
  .record({
    probability: fc.constantFrom(0.15, 0.5, 1),
    replace: fc.constantFrom(
      'mask' as const,
      'bert' as const,
      [0, 0.5, 0.5] as const,
      [0.5, 0.5, 0] as const,
    ),
    labels: fc.constantFrom('masked' as const, 'masked' as const, 'all' as const),
    select: fc.constantFrom('token' as const, 'whole-word' as const, 'span' as const),
    seed: fc.nat(),
    isDeclared: fc.boolean(),
    mayMask: fc.constantFrom([], [SEP], [5]),
  })
  .map(({ isDeclared, mayMask, ...settings }): Expectation => {
    const tokenizer = { maskId: MASK, padId: PAD, protectedIds: [SEP], vocabularySize: VOCABULARY };
    const rule = ruleOf({ ...settings, ...tokenizer });
    return { rule, isDeclared, share: isDeclared ? settings.probability : Number.NaN, mayMask };
  });

/** Rows around the sizes of the kernel's words, from short to longer than several of them. */
const rows = fc.array(
  fc
    .tuple(
      fc.array(fc.integer({ min: 1, max: VOCABULARY - 1 }), { maxLength: 10 }),
      fc.constantFrom(0, 20, 22, 31, 32, 33, 64, 150),
      fc.constantFrom(0, 0, 1, 40),
    )
    .map(([ids, more, padding]) => [
      ...ids,
      ...Array.from({ length: more }, (_, i) => 3 + ((i * i + (ids[0] ?? 0)) % 9)),
      ...new Array<number>(padding).fill(PAD),
    ]),
  { minLength: 1, maxLength: 6 },
);

/** Values that spoil a column, or happen not to. */
const changes = fc.array(
  fc.record({
    column: fc.constantFrom('input_ids' as const, 'labels' as const, 'attention_mask' as const),
    at: fc.nat(),
    value: fc.constantFrom(-100, -1, PAD, SEP, MASK, 3, 4, 5, VOCABULARY, 127),
  }),
  { maxLength: 3 },
);

function masked(rows: number[][], { rule }: Expectation): MaskedColumns {
  return maskRows(columnOf(rows), rule, { unit: 0, firstRow: 0, split: 'train' });
}

function scan(found: FoundColumns, expectation: Expectation, most = 99) {
  const { offsets } = found.input_ids;
  const longest = Math.max(0, ...rowsOf(found.input_ids).map((row) => row.length));
  const tally = emptyTally(VOCABULARY, longest);
  const counter = new RowCounter(expectation);
  const broken = scanRows(found, expectation, counter, tally, longest, 0, offsets.length - 1, most);
  counter.collect(tally);
  return { broken, tally };
}

/** What rows that break no law come to, counted token by token as tally.ts describes it. */
function countPlainly(found: FoundColumns, { rule, isDeclared, share }: Expectation): Tally {
  const ids = rowsOf(found.input_ids);
  const labels = rowsOf(found.labels);
  const tally = emptyTally(VOCABULARY, Math.max(0, ...ids.map((row) => row.length)));
  const { select = 'token', labels: labelled, replace } = rule.settings;
  const byWords = isDeclared && select !== 'token' && (labelled === 'masked' || replace === 'mask');
  ids.forEach((row, r) => {
    const tokens = row.findLastIndex((id) => id !== PAD) + 1;
    const original = row.map((id, i) => (labels[r]![i] === -100 ? id : labels[r]![i]!));
    const isMasked = row.map((id, i) =>
      rule.settings.labels === 'all' ? id !== labels[r]![i] : labels[r]![i] !== -100,
    );
    const isProtected = original.map((id) => id <= MASK);
    const isChoice = original.map(
      (id, i) => i < tokens && !isProtected[i] && (!byWords || i === 0 || isProtected[i - 1]! || id % 3 > 0),
    );
    const isChosen = isChoice.map((choice, i) => choice && isMasked[i]!);
    const isContinued = (i: number) => select !== 'token' && original[i]! % 3 === 0;
    let [choices, chosen] = [0, 0];
    for (let i = 0; i < tokens; i++) {
      if (!isProtected[i]) tally.maskable++;
      if (isMasked[i]) {
        tally.masked++;
        if (row[i] === MASK) tally.replacedByMask++;
        else if (row[i] === original[i]) tally.kept++;
        else tally.replacedByOther++;
        if (row[i] === SEP || row[i] === PAD) tally.replacedByProtected++;
      }
      if (i < tokens && !isProtected[i] && i > 0 && !isProtected[i - 1] && isContinued(i)) {
        tally.continued++;
        if (isMasked[i] === isMasked[i - 1]) tally.continuedAlike++;
      }
      if (isChoice[i]) {
        choices++;
        tally.choicesAt[i]!++;
        tally.choicesOf[original[i]!]!++;
      }
      if (isChosen[i]) {
        chosen++;
        tally.chosenAt[i]!++;
        tally.chosenOf[original[i]!]!++;
      }
      DISTANCES.forEach((distance, d) => {
        // Positions come in pairs that have none in common: 0 and 1, 2 and 3; at distance 2: 0 and 2, 1 and 3.
        if (i % (2 * distance) < distance) return;
        if (isChoice[i] && isChoice[i - distance]) tally.pairs[d]!++;
        if (isChosen[i] && isChosen[i - distance]) tally.bothChosen[d]!++;
      });
    }
    const part = Math.floor((r * PARTS) / ids.length);
    tally.rows++;
    tally.tokens += tokens;
    tally.choices += choices;
    tally.chosen += chosen;
    tally.choicesIn[part]! += choices;
    tally.chosenIn[part]! += chosen;
    tally.squaredChoices += choices ** 2;
    tally.squaredChosen += chosen ** 2;
    tally.choicesTimesChosen += choices * chosen;
    tally.mostChoices = Math.max(tally.mostChoices, choices);
    if (choices === 0) return;
    tally.filledRows++;
    tally.inverseChoices += 1 / choices;
    if (share < 1) tally.dispersion += (chosen - share * choices) ** 2 / (choices * share * (1 - share));
  });
  return tally;
}

describe('rows that are scanned', () => {
  it('are told broken where the laws, looked at token by token, say so', () => {
    fc.assert(
      fc.property(rows, expectations, changes, fc.boolean(), (rows, expectation, changes, hasAttention) => {
        const columns = masked(rows, expectation);
        for (const { column, at, value } of changes) {
          const { values } = columns[column];
          if (values.length > 0) values[at % values.length] = value;
        }
        const found = hasAttention ? columns : { input_ids: columns.input_ids, labels: columns.labels };
        const expected = rows.flatMap((_, row) => brokenLaw(found, row, expectation) ?? []);
        expect(scan(found, expectation).broken).toEqual(expected);
        expect(scan(found, expectation, 1).broken).toEqual(expected.slice(0, 1));
      }),
      { numRuns: 500 },
    );
  });

  it('are counted as they are token by token', () => {
    fc.assert(
      fc.property(rows, expectations, (rows, expectation) => {
        const found = masked(rows, expectation);
        const { broken, tally } = scan(found, expectation);
        expect(broken).toEqual([]);
        const { dispersion, inverseChoices, ...counts } = countPlainly(found, expectation);
        expect(tally).toMatchObject(counts);
        expect(tally.inverseChoices).toBeCloseTo(inverseChoices, 9);
        if (expectation.isDeclared) expect(tally.dispersion).toBeCloseTo(dispersion, 6);
      }),
      { numRuns: 300 },
    );
  });

  it('add up over batches whose rows grow longer, and over more tokens than are counted at a time', () => {
    const expectation = { rule: ruleOf(), isDeclared: true, share: 0.15 };
    const { rule } = expectation;
    const tally = emptyTally(rule.vocabularySize, 0);
    const counter = new RowCounter(expectation);
    let tokens = 0;
    for (const [length, count] of [
      [10, 3],
      [100, 700],
      [40_000, 2],
      [5, 1],
    ] as const) {
      const ids = columnOf(
        Array.from({ length: count }, () => Array.from({ length }, (_, i) => 1000 + (i % 50))),
      );
      const found = maskRows(ids, rule, { unit: 0, firstRow: 0, split: 'train' });
      const longest = Math.max(length, tally.choicesAt.length);
      for (const name of ['choicesAt', 'chosenAt'] as const) {
        const longer = new Float64Array(longest);
        longer.set(tally[name]);
        tally[name] = longer;
      }
      expect(scanRows(found, expectation, counter, tally, length, 0, count, 5)).toEqual([]);
      tokens += length * count;
    }
    counter.collect(tally);
    const sum = (counts: Float64Array) => counts.reduce((a, b) => a + b, 0);
    expect(tally).toMatchObject({ tokens, maskable: tokens, choices: tokens });
    expect([tally.choicesAt, tally.choicesOf, tally.choicesIn].map(sum)).toEqual([tokens, tokens, tokens]);
    const { masked } = tally;
    expect(masked / tokens).toBeCloseTo(0.15, 1);
    expect([tally.chosenAt, tally.chosenOf, tally.chosenIn].map(sum)).toEqual([masked, masked, masked]);
    expect(tally.choicesAt[4]).toBe(706);
    expect(tally.choicesAt[99]).toBe(702);
    expect(tally.choicesAt[39_999]).toBe(2);
  });

  it('may mask a protected token that is allowed, which is no choice', () => {
    const expectation = { rule: ruleOf(), isDeclared: false, share: Number.NaN, mayMask: [100] };
    const row = [101, 2000, 103, 102, ...new Array<number>(40).fill(103)];
    const found = {
      input_ids: columnOf([row]),
      labels: columnOf([[-100, -100, 100, -100, ...new Array<number>(40).fill(100)]]),
    };
    const tally = emptyTally(expectation.rule.vocabularySize, row.length);
    const counter = new RowCounter(expectation);
    expect(scanRows(found, expectation, counter, tally, row.length, 0, 1, 5)).toEqual([]);
    counter.collect(tally);
    expect(tally).toMatchObject({ maskedProtected: 41, masked: 41, maskable: 1, choices: 1, chosen: 0 });
    const strict = { ...expectation, mayMask: [] };
    expect(scanRows(found, strict, new RowCounter(strict), tally, row.length, 0, 1, 5)).toEqual([
      { row: 0, position: 2, message: 'the protected token 100 was masked' },
    ]);
  });
});
