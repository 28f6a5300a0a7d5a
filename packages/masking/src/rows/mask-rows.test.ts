import { readFileSync } from 'node:fs';
import type { BatchPlace, MaskingSettings } from '@mlm/arrow';
import { ColumnMemory } from '@mlm/arrow/columns';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyWords } from '../random/counter.js';
import { referenceDraws } from '../random/reference.js';
import type { MaskingRule } from '../rule.js';
import { cases, columnOf, epochs, places, rowsOf, ruleOf, start } from '../testing.fixture.js';
import { applyRule } from './apply.js';
import { maskRows, maskRowsInPlace, remaskRows } from './mask-rows.js';
import { IGNORED_LABEL, restoreOriginals } from './originals.js';
import { consecutiveRows } from './places.js';

function paddingStart(row: readonly number[], padId: number): number {
  let end = row.length;
  while (end > 0 && row[end - 1] === padId) end--;
  return end;
}

describe('maskRows', () => {
  it('obeys the laws of the rule on every token', () => {
    fc.assert(
      fc.property(cases, places, epochs, ({ rule, rows }, place, epoch) => {
        const masked = maskRows(columnOf(rows), rule, place, epoch);
        const [ids, labels, attention] = [masked.input_ids, masked.labels, masked.attention_mask].map(rowsOf);
        const isProtected = (id: number) => rule.isProtected[id] === 1;
        rows.forEach((row, r) => {
          const end = paddingStart(row, rule.padId);
          expect(ids![r]).toHaveLength(row.length);
          row.forEach((original, i) => {
            const [id, label, isReal] = [ids![r]![i]!, labels![r]![i]!, attention![r]![i]!];
            expect(isReal).toBe(i < end ? 1 : 0);
            if (i >= end) expect([id, label]).toEqual([rule.padId, IGNORED_LABEL]);
            else if (rule.settings.labels === 'all') expect(label).toBe(original);
            else expect([IGNORED_LABEL, original]).toContain(label);
            if (isProtected(original)) {
              expect(id).toBe(original);
              if (rule.settings.labels === 'masked') expect(label).toBe(IGNORED_LABEL);
            }
            if (id !== original && id !== rule.maskId) {
              expect(rule.settings.replace).toBe('bert');
              expect(isProtected(id)).toBe(false);
            }
            if (label === IGNORED_LABEL) expect(id).toBe(original);
            else if (rule.settings.labels === 'masked' && rule.settings.replace === 'mask')
              expect(id).toBe(rule.maskId);
            const mustBeMasked = rule.settings.probability === 1 && !isProtected(original);
            if (mustBeMasked && rule.settings.replace === 'mask') expect(id).toBe(rule.maskId);
            if (mustBeMasked) expect(label).toBe(original);
            if (rule.settings.probability === 0) expect(id).toBe(original);
          });
        });
      }),
    );
  });

  it('is restored by input_ids and labels together', () => {
    fc.assert(
      fc.property(cases, places, epochs, ({ rule, rows }, place, epoch) => {
        expect(rowsOf(restoreOriginals(maskRows(columnOf(rows), rule, place, epoch)))).toEqual(rows);
      }),
    );
  });

  it('is the same by the kernel and by plain TypeScript', () => {
    fc.assert(
      fc.property(cases, places, epochs, ({ rule, rows }, place, epoch) => {
        const column = columnOf(rows);
        const draws = referenceDraws(keyWords(rule.settings.seed));
        const reference = applyRule(column, rule, consecutiveRows(place, rows.length), epoch, draws);
        expect(maskRows(columnOf(rows), rule, place, epoch)).toEqual(reference);
      }),
    );
  });

  it('is the same in memory that holds the column, which it grows, with the offsets of the column', () => {
    fc.assert(
      fc.property(cases, places, epochs, ({ rule, rows }, place, epoch) => {
        const { values, offsets } = columnOf(rows);
        const memory = new ColumnMemory();
        memory.begin(values.length).set(values);
        const column = { values: memory.resize(values.length), offsets };
        const { input_ids, labels, attention_mask, ...counts } = maskRowsInPlace(
          column,
          rule,
          place,
          epoch,
          true,
          memory,
        );
        const own = maskRowsInPlace(columnOf(rows), rule, place, epoch, true);
        expect({ input_ids, labels, attention_mask, ...counts }).toEqual(own);
        for (const made of [input_ids, labels, attention_mask]) {
          expect(made.values.buffer).toBe(memory.wasm.buffer);
          expect(made.offsets).toBe(offsets);
        }
        expect(own.labels.offsets).not.toBe(own.input_ids.offsets);
      }),
    );
  });

  it('gives a row the same result in any batch, in any order', () => {
    fc.assert(
      fc.property(cases, places, epochs, fc.nat(6), ({ rule, rows }, place, epoch, cut) => {
        const middle = Math.min(cut, rows.length);
        const back = { ...place, firstRow: place.firstRow + middle };
        const second = maskRows(columnOf(rows.slice(middle)), rule, back, epoch);
        const first = maskRows(columnOf(rows.slice(0, middle)), rule, place, epoch);
        const whole = maskRows(columnOf(rows), rule, place, epoch);
        for (const name of ['input_ids', 'labels', 'attention_mask'] as const) {
          expect([...rowsOf(first[name]), ...rowsOf(second[name])]).toEqual(rowsOf(whole[name]));
        }
      }),
    );
  });

  it('gives long rows, and more of them than are drawn for at a time, what each gets alone', () => {
    const lengths = [40_000, 3, 20_000, 12_768, 1, 0, 33_000];
    const rows = lengths.map((length, row) =>
      Array.from({ length }, (_, i) => 1000 + ((row + i * 104_729) % 29_000)),
    );
    for (const replace of ['mask', 'bert'] as const) {
      const whole = maskRows(columnOf(rows), ruleOf({ replace }), start);
      rows.forEach((row, firstRow) => {
        const alone = maskRows(columnOf([row]), ruleOf({ replace }), { ...start, firstRow });
        for (const name of ['input_ids', 'labels', 'attention_mask'] as const) {
          const { values, offsets } = whole[name];
          expect(values.slice(offsets[firstRow], offsets[firstRow + 1])).toEqual(alone[name].values);
        }
      });
    }
  });

  it('counts masked, maskable and real tokens, over more rows than are drawn for at a time', () => {
    // Each row ends in padding, and has two protected ids besides.
    const rows = Array.from({ length: 700 }, (_, row) => [
      101,
      ...Array.from({ length: 60 + (row % 5) }, (_, i) => 1000 + ((row + i * 7919) % 29_000)),
      102,
      ...new Array<number>(row % 9).fill(0),
    ]);
    const all = rows.flat();
    for (const replace of ['mask', 'bert'] as const) {
      const { labels, attention_mask, ...counts } = maskRowsInPlace(
        columnOf(rows),
        ruleOf({ replace }),
        start,
        0,
        true,
      );
      expect(maskRows(columnOf(rows), ruleOf({ replace }), start).maskable).toBeUndefined();
      expect(rowsOf(attention_mask)).toEqual(rows.map((row) => row.map((id) => (id === 0 ? 0 : 1))));
      expect(counts).toMatchObject({
        masked: labels.values.filter((label) => label !== IGNORED_LABEL).length,
        tokens: all.filter((id) => id !== 0).length,
        maskable: all.filter((id) => id >= 1000).length,
      });
    }
  });

  it('masks a slice of a column, whose offsets do not begin at 0, like the rows themselves', () => {
    fc.assert(
      fc.property(cases, fc.nat(6), fc.nat(6), ({ rule, rows }, from, count) => {
        const begin = Math.min(from, rows.length);
        const end = Math.min(begin + count, rows.length);
        const { values, offsets } = columnOf(rows);
        const slice = { values, offsets: offsets.subarray(begin, end + 1) };
        expect(maskRows(slice, rule, start)).toEqual(maskRows(columnOf(rows.slice(begin, end)), rule, start));
      }),
    );
  });

  it('leaves its input unchanged', () => {
    const column = columnOf([[101, 2000, 2001, 102, 0]]);
    maskRows(column, ruleOf({ probability: 1 }), start);
    expect(rowsOf(column)).toEqual([[101, 2000, 2001, 102, 0]]);
  });

  it('draws anew for another seed, epoch, split, unit or row', () => {
    const column = columnOf([[101, ...new Array<number>(400).fill(2000), 102]]);
    const selection = (rule: MaskingRule, place: BatchPlace, epoch: number) =>
      maskRows(column, rule, place, epoch).input_ids.values.join();
    const half = ruleOf({ probability: 0.5 });
    const drawn = [
      selection(half, start, 0),
      selection(half, start, 1),
      selection(half, start, 2 ** 30 - 1),
      selection(ruleOf({ probability: 0.5, seed: 43 }), start, 0),
      selection(ruleOf({ probability: 0.5, seed: 42 + 2 ** 32 }), start, 0),
      selection(half, { ...start, split: 'validation' }, 0),
      selection(half, { ...start, unit: 1 }, 0),
      selection(half, { ...start, firstRow: 1 }, 0),
    ];
    expect(new Set(drawn).size).toBe(drawn.length);
  });

  it('gives the frozen masks that a second implementation made from the description of the draws', () => {
    const frozen = JSON.parse(
      readFileSync(new URL('../../fixtures/frozen-masks.json', import.meta.url), 'utf8'),
    ) as {
      rows: number[][];
      cases: {
        rule: MaskingSettings;
        epoch: number;
        place: BatchPlace;
        input_ids: number[][];
        labels: number[][];
        attention_mask: number[][];
      }[];
    };
    expect(frozen.cases).toHaveLength(11);
    for (const { rule, place, epoch, ...columns } of frozen.cases) {
      const masked = maskRows(columnOf(frozen.rows), ruleOf(rule), place, epoch);
      for (const name of ['input_ids', 'labels', 'attention_mask'] as const) {
        expect(rowsOf(masked[name])).toEqual(columns[name]);
      }
    }
  });
});

describe('remaskRows', () => {
  it('equals maskRows of the originals in that epoch, whatever masked them before', () => {
    fc.assert(
      fc.property(cases, places, epochs, epochs, ({ rule, rows }, place, before, epoch) => {
        const masked = maskRows(columnOf(rows), rule, place, before);
        expect(remaskRows(masked, rule, place, epoch)).toEqual(maskRows(columnOf(rows), rule, place, epoch));
      }),
    );
  });
});

describe('a rule out of range', () => {
  const column = columnOf([[101, 2000, 102]]);
  it.each([
    [{ probability: 1.5 }, 'probability is 1.5, expected a number between 0 and 1'],
    [{ probability: Number.NaN }, 'probability is NaN'],
    [{ seed: -1 }, 'seed is -1, expected a whole number'],
    [{ seed: 2 ** 53 }, 'seed is 9007199254740992'],
    [{ maskId: 30522 }, 'protected id 30522: expected an id of the vocabulary, 0 to 30521'],
    [
      { replace: 'bert' as const, protectedIds: Array.from({ length: 30522 }, (_, id) => id) },
      'none is left to draw',
    ],
    [
      { probability: 1, vocabularySize: 200 },
      'input_ids holds 2000: expected an id of the vocabulary, 0 to 199',
    ],
  ])('%o is refused', (changes, message) => {
    expect(() => maskRows(column, ruleOf(changes), start)).toThrow(message);
  });

  it.each([-1, 0.5, 2 ** 30])('epoch %d is refused', (epoch) => {
    expect(() => maskRows(column, ruleOf(), start, epoch)).toThrow(`epoch ${epoch}: expected a whole number`);
  });
});
