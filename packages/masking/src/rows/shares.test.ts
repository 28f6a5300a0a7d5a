import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bert, binomialBound, plainRows, ruleOf, start } from '../testing.fixture.js';
import { maskRows } from './mask-rows.js';
import { IGNORED_LABEL } from './originals.js';

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

function expectNear(count: number, trials: number, chance: number): void {
  expect(Math.abs(count - trials * chance)).toBeLessThanOrEqual(binomialBound(trials, chance));
}

describe('shares', () => {
  it('selects within the binomial bound of the probability, at every position alike', () => {
    const column = plainRows(2000, 66);
    fc.assert(
      fc.property(seeds, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (seed, probability) => {
        const { labels } = maskRows(column, ruleOf({ seed, probability }), start);
        const perWord = [0, 0, 0, 0];
        labels.values.forEach((label, i) => {
          if (label !== IGNORED_LABEL) perWord[(i % 66) & 3]!++;
        });
        for (const count of perWord) expectNear(count, 2000 * 16, probability);
      }),
      { numRuns: 10 },
    );
  });

  it('replaces as bert 80/10/10, random ids uniform over the unprotected ones', () => {
    const vocabularySize = 150;
    const eligible = vocabularySize - bert.protectedIds.length;
    const rows = 3000;
    const column = plainRows(rows, 66);
    column.values.forEach((id, i) => {
      if (id >= 1000) column.values[i] = 50;
    });
    fc.assert(
      fc.property(seeds, (seed) => {
        const rule = ruleOf({ seed, probability: 1, replace: 'bert', vocabularySize });
        const { values } = maskRows(column, rule, start).input_ids;
        const counts = new Float64Array(vocabularySize);
        for (const id of values) counts[id]!++;
        const trials = rows * 64;
        expectNear(counts[bert.maskId]!, trials, 0.8);
        for (let id = 0; id < vocabularySize; id++) {
          if (bert.protectedIds.includes(id)) continue;
          expectNear(counts[id]!, trials, 0.1 / eligible + (id === 50 ? 0.1 : 0));
        }
        expect(counts[0]! + counts[100]!).toBe(0);
        expect([counts[101], counts[102]]).toEqual([rows, rows]);
      }),
      { numRuns: 5 },
    );
  });
});
