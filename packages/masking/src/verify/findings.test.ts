import type { MaskingSettings } from '@mlm/arrow';
import { describe, expect, it } from 'vitest';
import { ruleOf } from '../testing.fixture.js';
import { bernsteinTest, binomialTest, dispersionTest } from './statistics.js';
import { emptyTally, type Tally } from './tally.js';
import { type StatisticalTest, testTally } from './tests.js';

const VOCABULARY = 12;

/** 200 rows of 10 tokens, half of them masked: sound at a probability of 0.5 but for the changes. */
function tallyOf(changes: Partial<Tally> = {}): Tally {
  const tally = emptyTally(VOCABULARY, 3);
  const counts = (values: Float64Array, ...numbers: number[]) => values.set(numbers);
  counts(tally.choicesAt, 1000, 0, 1000);
  counts(tally.chosenAt, 500, 0, 500);
  counts(tally.choicesOf, 0, 0, 0, 0, 0, 1200, 800);
  counts(tally.chosenOf, 0, 0, 0, 0, 0, 600, 400);
  counts(tally.choicesIn, 2000);
  counts(tally.chosenIn, 1000);
  counts(tally.pairs, 900, 800, 400);
  counts(tally.bothChosen, 225, 200, 100);
  return {
    ...tally,
    rows: 200,
    tokens: 2400,
    maskable: 2000,
    masked: 1000,
    replacedByMask: 800,
    replacedByOther: 88,
    kept: 112,
    choices: 2000,
    chosen: 1000,
    squaredChoices: 20_000,
    squaredChosen: 5500,
    choicesTimesChosen: 10_000,
    inverseChoices: 20,
    dispersion: 200,
    filledRows: 200,
    mostChoices: 10,
    ...changes,
  };
}

/** Nine ids of the twelve may be drawn. */
const ruleWith = (settings: Partial<MaskingSettings> = {}) =>
  ruleOf({
    maskId: 2,
    padId: 0,
    protectedIds: [1],
    vocabularySize: VOCABULARY,
    probability: 0.5,
    ...settings,
  });

function declared(changes: Partial<Tally> = {}, settings: Partial<MaskingSettings> = {}) {
  const { tests, ...others } = testTally(tallyOf(changes), ruleWith(settings), true, (id) => `id${id}`);
  return { ...others, tests: Object.fromEntries(tests.map((test) => [test.name, test])) };
}

const SHARE = 'share of tokens that are masked';
const POSITIONS = 'equal shares at all positions';
const TOKENS = 'equal shares of all tokens';
const PARTS_OF_ROWS = 'equal shares in all parts of the rows';
const SPREAD = 'spread over rows';
const NEIGHBOURS = 'independence of neighbours';
const OTHERS = 'independence of other draws';
const REPLACED = 'what masked tokens became';

const at = (i: number, count: number, length: number) => new Float64Array(length).fill(count, i, i + 1);

describe('what is tested of a dataset whose settings are declared', () => {
  it('is sound as it stands', () => {
    const { tests, p, notes } = declared();
    expect(Object.keys(tests)).toEqual([SHARE, POSITIONS, TOKENS, PARTS_OF_ROWS, SPREAD, NEIGHBOURS]);
    expect(notes).toEqual([]);
    expect(p).toBe(1);
    expect(tests[SHARE]).toEqual({
      name: SHARE,
      figures: 1,
      p: 1,
      finding: '1,000 of 2,000 (50.00 %), expected 50.00 %',
    });
    expect(tests[POSITIONS]).toEqual({ name: POSITIONS, figures: 2, p: 1, finding: 'as expected' });
    expect(tests[TOKENS]).toMatchObject({ figures: 2, finding: 'as expected' });
    expect(tests[PARTS_OF_ROWS]).toMatchObject({ figures: 1, finding: 'as expected' });
    expect(tests[NEIGHBOURS]).toMatchObject({ figures: 3, finding: 'as expected' });
  });

  it.each<[string, Partial<Tally>, Partial<MaskingSettings>, StatisticalTest]>([
    [
      'the share',
      { chosen: 900 },
      {},
      {
        name: SHARE,
        figures: 1,
        p: binomialTest(900, 2000, 0.5),
        finding: '900 of 2,000 (45.00 %), expected 50.00 %',
      },
    ],
    [
      'the share of words',
      { chosen: 900 },
      { select: 'whole-word' },
      {
        name: 'share of words that are masked',
        figures: 1,
        p: binomialTest(900, 2000, 0.5),
        finding: '900 of 2,000 (45.00 %), expected 50.00 %',
      },
    ],
    [
      'the share of words in runs, by rows',
      { chosen: 500 },
      { select: 'span' },
      {
        name: 'share of words that are masked',
        figures: 1,
        p: bernsteinTest(-500, 5000, 10),
        finding: '500 of 2,000 (25.00 %), expected 50.00 %',
      },
    ],
    [
      'a position, corrected for the number of positions',
      { chosenAt: Float64Array.of(500, 0, 420) },
      {},
      {
        name: POSITIONS,
        figures: 2,
        p: 2 * binomialTest(420, 1000, 0.5),
        finding: 'position 2: 420 of 1,000 (42.00 %), expected 50.00 %',
      },
    ],
    [
      'a token by its name',
      { chosenOf: at(5, 500, VOCABULARY) },
      {},
      {
        name: TOKENS,
        figures: 2,
        p: 2 * binomialTest(0, 800, 0.5),
        finding: 'token id6: 0 of 800 (0.00 %), expected 50.00 %',
      },
    ],
    [
      'a part of the rows',
      { choicesIn: Float64Array.of(1000, 1000), chosenIn: Float64Array.of(420, 500) },
      {},
      {
        name: PARTS_OF_ROWS,
        figures: 2,
        p: 2 * binomialTest(420, 1000, 0.5),
        finding: 'part 1 of 32 of the rows: 420 of 1,000 (42.00 %), expected 50.00 %',
      },
    ],
    [
      'the spread',
      { dispersion: 260 },
      {},
      {
        name: SPREAD,
        figures: 1,
        p: dispersionTest(260, 200, 400 - 2 * 20),
        finding: '1.3000 times that of independent draws',
      },
    ],
    [
      'neighbours',
      { bothChosen: Float64Array.of(225, 260, 100) },
      {},
      {
        name: NEIGHBOURS,
        figures: 3,
        p: 3 * binomialTest(260, 800, 0.25),
        finding: 'both of two at distance 2: 260 of 800 (32.50 %), expected 25.00 %',
      },
    ],
    [
      'the share that [MASK] replaces',
      { replacedByMask: 700, kept: 200, replacedByOther: 100 },
      { replace: 'bert' },
      {
        name: REPLACED,
        figures: 2,
        p: 2 * binomialTest(700, 1000, 0.8),
        finding: 'replaced by [MASK]: 700 of 1,000 (70.00 %), expected 80.00 %',
      },
    ],
    [
      'the share that other ids replace: a random one may be the token’s own',
      { replacedByMask: 800, kept: 20, replacedByOther: 180 },
      { replace: 'bert' },
      {
        name: REPLACED,
        figures: 2,
        p: 2 * binomialTest(180, 1000, 0.1 * (1 - 1 / 9)),
        finding: 'replaced by another id: 180 of 1,000 (18.00 %), expected 8.89 %',
      },
    ],
    [
      'other draws',
      { chosenBefore: Float64Array.of(1000, 1000, 0), chosenAgain: Float64Array.of(500, 600, 0) },
      {},
      {
        name: OTHERS,
        figures: 2,
        p: 2 * binomialTest(600, 1000, 0.5),
        finding: 'also masked by another seed: 600 of 1,000 (60.00 %), expected 50.00 %',
      },
    ],
    [
      'another copy',
      { chosenBefore: Float64Array.of(0, 0, 1000), chosenAgain: Float64Array.of(0, 0, 400) },
      {},
      {
        name: OTHERS,
        figures: 1,
        p: binomialTest(400, 1000, 0.5),
        finding: 'also masked by another copy of the row: 400 of 1,000 (40.00 %), expected 50.00 %',
      },
    ],
  ])('is %s', (_, changes, settings, expected) => {
    const { tests, p } = declared(changes, settings);
    expect(tests[expected.name]).toEqual(expected);
    expect(p).toBe(Math.min(1, Object.keys(tests).length * expected.p));
  });

  it('is scaled down for tokens and parts where words of a row depend on one another', () => {
    // The variance of a row's count is 20 at these sums, that of independent draws 2.5.
    const sums = { squaredChosen: 5000 + 200 * 20, chosenOf: at(5, 500, VOCABULARY) };
    const { tests } = declared(sums, { select: 'ngram' });
    expect(tests[TOKENS]!.p).toBe(2 * binomialTest(0, 800 / 8, 0.5));
    const changed = { ...sums, choicesIn: at(3, 2000, 32), chosenIn: at(3, 800, 32) };
    expect(declared(changed, { select: 'ngram' }).tests[PARTS_OF_ROWS]).toEqual({
      name: PARTS_OF_ROWS,
      figures: 1,
      p: binomialTest(100, 250, 0.5),
      finding: 'part 4 of 32 of the rows: 800 of 2,000 (40.00 %), expected 50.00 %',
    });
    // Never scaled up.
    const less = { squaredChosen: 5000, chosenOf: at(5, 500, VOCABULARY) };
    expect(declared(less, { select: 'ngram' }).tests[TOKENS]!.p).toBe(2 * binomialTest(0, 800, 0.5));
  });

  it('is neither spread nor neighbours nor other draws where words of a row depend on one another', () => {
    const others = { chosenBefore: Float64Array.of(9, 9, 9), chosenAgain: Float64Array.of(5, 5, 5) };
    for (const settings of [{ select: 'span' }, { exact_count: true }, { min_masks: 2 }, { max_masks: 7 }]) {
      const { tests, notes } = declared(others, settings);
      const words = settings.select ? ['share of words that are masked'] : [];
      expect(Object.keys(tests)).toEqual([...words, POSITIONS, TOKENS, PARTS_OF_ROWS]);
      expect(notes).toContain(
        'both of two at distance 1: 225 of 900 (25.00 %), expected 25.00 % if they were independent; not judged',
      );
    }
  });

  it('is not the share where a count bounds it: places are held to what is observed', () => {
    const { tests, notes } = declared(
      { chosen: 500, chosenAt: Float64Array.of(250, 0, 250), squaredChosen: 1375, choicesTimesChosen: 5000 },
      { exact_count: true },
    );
    expect(notes[0]).toBe(
      "share of tokens that are masked: 25.00 %, not judged, since a row's number of masks is bounded",
    );
    expect(tests[POSITIONS]).toMatchObject({ p: 1, finding: 'as expected' });
  });

  it('is no spread of fewer than 100 rows, nor where all or nothing is masked', () => {
    expect(declared({ filledRows: 99 }).tests).not.toHaveProperty(SPREAD);
    expect(declared({ filledRows: 100 }).tests).toHaveProperty(SPREAD);
    for (const probability of [0, 1]) {
      const { tests } = declared({}, { probability });
      expect(tests).not.toHaveProperty(SPREAD);
      expect(tests).toHaveProperty(NEIGHBOURS);
      expect(tests[SHARE]!.p).toBe(0);
    }
  });

  it('is nothing where labels are at all tokens, since kept ones cannot be told', () => {
    expect(declared({}, { labels: 'all' })).toEqual({
      tests: {},
      p: 1,
      notes: ['labels are at all tokens, which hides masked tokens that were kept, so shares are not judged'],
    });
  });

  it('is not what replaced spans, each of which is replaced as one', () => {
    const { tests, notes } = declared({}, { select: 'span', replace: 'bert' });
    expect(tests).not.toHaveProperty(REPLACED);
    expect(notes[0]).toBe(
      'replaced by [MASK] 800 of 1,000 (80.00 %); not judged, since spans are replaced as one',
    );
    expect(declared({}, { select: 'span' }).notes[0]).not.toContain('replaced by');
    expect(declared({}, { select: 'ngram', replace: 'bert' }).tests).toHaveProperty([REPLACED]);
  });

  it('is nothing of rows that have nothing to mask', () => {
    const nothing = emptyTally(VOCABULARY, 3);
    const { tests, p } = testTally(nothing, ruleWith({ replace: 'bert' }), true);
    expect(p).toBe(1);
    expect(tests.map((test) => test.p)).toEqual(tests.map(() => 1));
    expect(tests.find(({ name }) => name === POSITIONS)).toEqual({
      name: POSITIONS,
      figures: 0,
      p: 1,
      finding: 'nothing that can be masked',
    });
    expect(tests[0]!.finding).toBe('0 of 0 (0.00 %), expected 50.00 %');
  });
});

describe('what is tested of a dataset of which nothing is declared', () => {
  const undeclared = (changes: Partial<Tally> = {}) => {
    const { tests, ...others } = testTally(tallyOf(changes), ruleWith({ probability: 0.15 }), false);
    return { ...others, tests: Object.fromEntries(tests.map((test) => [test.name, test])) };
  };

  it('are places, by the observed share; the rest is told', () => {
    const { tests, notes, p } = undeclared();
    expect(Object.keys(tests)).toEqual([POSITIONS, TOKENS, PARTS_OF_ROWS]);
    expect(p).toBe(1);
    expect(notes).toEqual([
      'share of tokens that are masked: 50.00 %, not judged, since no settings are declared',
      'replaced by [MASK] 800 of 1,000 (80.00 %), by other ids 88 of 1,000 (8.80 %), kept 112 of 1,000 (11.20 %); not judged',
      ...['1: 225 of 900 (25.00 %)', '2: 200 of 800 (25.00 %)', '4: 100 of 400 (25.00 %)'].map(
        (figure) =>
          `both of two at distance ${figure}, expected 25.00 % if they were independent; not judged`,
      ),
    ]);
  });

  it('tells whether words are masked as a whole, where it is known which tokens continue one', () => {
    expect(undeclared({ continued: 1500, continuedAlike: 1500 }).notes[2]).toBe(
      'tokens that continue a word masked, or not, as the token before: 1,500 of 1,500 (100.00 %), words are masked as a whole',
    );
    expect(undeclared({ continued: 1500, continuedAlike: 600, chosen: 200 }).notes[2]).toBe(
      'tokens that continue a word masked, or not, as the token before: 600 of 1,500 (40.00 %), expected 82.00 % if they were independent; not judged',
    );
    expect(declared({ continued: 1500, continuedAlike: 1500 }).notes).toEqual([]);
  });

  it('tells unknown tokens that are masked', () => {
    expect(undeclared({ maskedProtected: 1200 }).notes[2]).toBe(
      '1,200 masked tokens are unknown ones, as run_mlm and BERT’s own script mask them',
    );
  });

  it('names an id by its number', () => {
    const { tests } = undeclared({ chosenOf: at(5, 600, VOCABULARY) });
    expect(tests[TOKENS]!.finding).toBe('token 6: 0 of 800 (0.00 %), expected 50.00 %');
  });

  it('tells special tokens that were drawn at random', () => {
    expect(undeclared({ replacedByProtected: 3 }).notes).toContain(
      '3 masked tokens were replaced by a special token, as run_mlm does',
    );
  });

  it('allows for words that are masked together', () => {
    const { tests } = undeclared({ squaredChosen: 5000 + 200 * 20, chosenOf: at(5, 500, VOCABULARY) });
    expect(tests[TOKENS]!.p).toBe(2 * binomialTest(0, 800 / 8, 0.5));
  });
});
