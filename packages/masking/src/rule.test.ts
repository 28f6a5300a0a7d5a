import type { MaskingSettings } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeSettings,
  formatVersion,
  maskedShare,
  maskingDefaults,
  maskingRule,
  masksWords,
  ruleAt,
} from './rule.js';
import { selections } from './select/index.js';
import { BEGINS, CONTINUES, PROTECTED } from './select/words.js';
import { bert, describeRule, ruleOf } from './testing.fixture.js';

const base: MaskingSettings = { probability: 0.15, replace: 'mask', labels: 'masked', seed: 42 };
const tokenizer = {
  vocabularySize: 10,
  specialIds: { mask: 4, pad: 0 },
  protectedIds: [1, 2],
  wordStarts: Uint8Array.of(1, 1, 1, 1, 1, 1, 0, 1, 0, 1),
};

const settings: fc.Arbitrary<MaskingSettings> = fc
  .record(
    {
      probability: fc.constantFrom(0, 0.15, 0.5, 1),
      replace: fc.constantFrom<MaskingSettings['replace']>('mask', 'bert', [0.5, 0.25, 0.25], [0, 1, 0]),
      labels: fc.constantFrom('masked' as const, 'all' as const),
      seed: fc.nat(),
      select: fc.constantFrom(...Object.keys(selections)),
      exact_count: fc.boolean(),
      min_masks: fc.nat(3),
      max_masks: fc.integer({ min: 3, max: 6 }),
      protect: fc.array(fc.constantFrom(5, 6, 7)),
      dupe_factor: fc.integer({ min: 1, max: 3 }),
      stream_number: fc.nat(2),
      final_probability: fc.constantFrom(0, 0.15, 0.5, 1),
    },
    { requiredKeys: ['probability', 'replace', 'labels', 'seed'] },
  )
  .map((given) => given as MaskingSettings);

describe('a rule', () => {
  it('masks 15 % of the tokens by [MASK], as the notebook does, where nothing else is asked for', () => {
    expect(maskingRule(tokenizer, maskingDefaults).settings).toEqual(base);
    expect(maskingDefaults).toMatchObject({ ...base, select: 'token', dupe_factor: 1, min_masks: 0 });
  });

  it('refuses a setting that it does not know, with the nearest', () => {
    expect(() => maskingRule(tokenizer, { ...maskingDefaults, probabilty: 0.3 } as never)).toThrow(
      'unknown option probabilty; did you mean probability?',
    );
  });

  it('states settings that make the same rule again', () => {
    fc.assert(
      fc.property(settings, (settings) => {
        const rule = maskingRule(tokenizer, settings);
        expect(maskingRule(tokenizer, rule.settings)).toEqual(rule);
      }),
    );
  });

  it('states a setting unless it is the default', () => {
    const defaults = {
      select: 'token',
      exact_count: false,
      min_masks: 0,
      protect: [],
      dupe_factor: 1,
      stream_number: 0,
      final_probability: 0.15,
    };
    expect(Object.keys(maskingRule(tokenizer, { ...base, ...defaults }).settings)).toEqual(Object.keys(base));
    const others = {
      select: 'span',
      exact_count: true,
      min_masks: 1,
      max_masks: 1,
      protect: [7, 5, 7],
      dupe_factor: 2,
      stream_number: 1,
      final_probability: 0.3,
    };
    for (const [name, value] of Object.entries(others)) {
      const stated = name === 'protect' ? [5, 7] : value;
      expect(maskingRule(tokenizer, { ...base, [name]: value }).settings).toEqual({
        ...base,
        [name]: stated,
      });
    }
    // Metadata has them in this order.
    expect(Object.keys(maskingRule(tokenizer, { ...others, ...base }).settings)).toEqual([
      ...Object.keys(base),
      ...Object.keys(others),
    ]);
  });

  it('knows of each id what it is: protected, the beginning of a word, or its rest', () => {
    const classesOf = (select: string, more = {}) => [
      ...maskingRule(tokenizer, { ...base, select, ...more }).classes,
    ];
    const [P, B, C] = [PROTECTED, BEGINS, CONTINUES];
    expect(classesOf('whole-word')).toEqual([P, P, P, B, P, B, C, B, C, B]);
    expect(classesOf('token')).toEqual([P, P, P, B, P, B, B, B, B, B]);
    expect(classesOf('span', { protect: [8] })).toEqual([P, P, P, B, P, B, C, B, P, B]);
    const rule = maskingRule(tokenizer, { ...base, replace: 'bert', protect: [8] });
    expect([...rule.isProtected]).toEqual([1, 1, 1, 0, 1, 0, 0, 0, 1, 0]);
    expect([...rule.randomIds]).toEqual([3, 5, 6, 7, 9]);
    expect(rule).toMatchObject({ maskId: 4, padId: 0, vocabularySize: 10 });
    expect(maskingRule(tokenizer, base).randomIds).toHaveLength(0);
    expect(maskingRule(tokenizer, { ...base, replace: [0.5, 0, 0.5] }).randomIds).toHaveLength(0);
  });

  it('is the same for a tokenizer as metadata describes it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 40 }),
        fc.constantFrom(...Object.keys(selections)),
        (vocabularySize, select) => {
          const rule = ruleOf({ select, vocabularySize, maskId: 4, protectedIds: [1, 2], replace: 'bert' });
          expect(maskingRule(describeRule(rule).tokenizer, rule.settings)).toEqual(rule);
        },
      ),
    );
  });

  it.each([0, 1.5, Number.NaN, 2 ** 31])('is not made for a vocabulary of %d', (vocabularySize) => {
    const make = () => maskingRule({ ...tokenizer, vocabularySize }, base);
    expect(make).toThrow(InputError);
    expect(make).toThrow(`vocabulary size ${vocabularySize}: expected a whole number from 1 to 2147483647`);
  });

  it('is made for the smallest vocabulary', () => {
    const smallest = { vocabularySize: 1, specialIds: { mask: 0, pad: 0 }, protectedIds: [] };
    expect(maskingRule(smallest, base).isProtected).toEqual(Uint8Array.of(1));
  });

  it.each([
    [{ protectedIds: [-1] }, -1],
    [{ protectedIds: [0.5] }, 0.5],
    [{ protectedIds: [10] }, 10],
    [{ specialIds: { mask: 10, pad: 0 } }, 10],
    [{ specialIds: { mask: 4, pad: 11 } }, 11],
  ])('is not made by ids outside the vocabulary: %o', (changes, id) => {
    const make = () => maskingRule({ ...tokenizer, ...changes }, base);
    expect(make).toThrow(InputError);
    expect(make).toThrow(`protected id ${id}: expected an id of the vocabulary, 0 to 9`);
  });

  it('is not made where no id is left to draw', () => {
    const all = { ...tokenizer, protectedIds: [...new Array(10).keys()] };
    const make = () => maskingRule(all, { ...base, replace: 'bert' });
    expect(make).toThrow(InputError);
    expect(make).toThrow(
      'replace "bert": every id of the vocabulary is protected, none is left to draw from',
    );
    expect(maskingRule(all, base).randomIds).toHaveLength(0);
  });

  it('is not made for words that nobody tells, of which tokens need none', () => {
    const { wordStarts: _, ...silent } = tokenizer;
    for (const select of ['whole-word', 'ngram', 'span']) {
      const make = () => maskingRule(silent, { ...base, select });
      expect(make).toThrow(InputError);
      expect(make).toThrow(`select: ${select}: the tokenizer does not say which tokens begin a word`);
    }
    expect(maskingRule(silent, base).settings).toEqual(base);
  });

  it('is not made by word starts of another vocabulary', () => {
    const described = describeRule(
      ruleOf({ select: 'span', vocabularySize: 16, maskId: 4, protectedIds: [] }),
    );
    const word_starts = Buffer.alloc(3).toString('base64');
    const make = () => maskingRule({ ...described.tokenizer, word_starts }, base);
    expect(make).toThrow(InputError);
    expect(make).toThrow('word_starts of the tokenizer: expected 16 bits, found 3 bytes');
  });

  it.each([
    [{ final_probability: 1.5 }, 'probability is 1.5, expected a number between 0 and 1'],
    [{ final_probability: Number.NaN }, 'probability is NaN'],
    [{ min_masks: 2, max_masks: 1 }, 'max_masks is 1, expected at least min_masks: 2'],
  ])('is not made by settings that contradict: %o', (changes, message) => {
    const make = () => maskingRule(tokenizer, { ...base, ...changes });
    expect(make).toThrow(InputError);
    expect(make).toThrow(message);
  });

  it('takes a least and a most number that are the same', () => {
    const bounds = { min_masks: 2, max_masks: 2 };
    expect(maskingRule(tokenizer, { ...base, ...bounds }).settings).toEqual({ ...base, ...bounds });
  });
});

describe('a probability that changes over training', () => {
  const changing = () => maskingRule(tokenizer, { ...base, probability: 0.3, final_probability: 0.1 });

  it.each([
    [-1, 0.3],
    [0, 0.3],
    [0.25, 0.25],
    [0.5, 0.2],
    [1, 0.1],
    [7, 0.1],
  ])('goes along a line from the first to the last: at %d it is %d', (progress, probability) => {
    const rule = changing();
    const { settings, ...others } = ruleAt(rule, progress);
    expect(settings).toEqual({ ...base, probability: expect.closeTo(probability, 12) });
    const { settings: _, ...expected } = rule;
    expect(others).toEqual(expected);
  });

  it('stays where there is one alone', () => {
    const constant = maskingRule(tokenizer, base);
    expect(ruleAt(constant, 0.5)).toBe(constant);
  });
});

describe('what settings come to', () => {
  it('is of format version 1 for what an older reader knows, else of 2', () => {
    expect(formatVersion(base)).toBe(1);
    expect(formatVersion({ ...base, replace: 'bert', labels: 'all' })).toBe(1);
    expect(formatVersion({ ...base, replace: [0.5, 0.25, 0.25] })).toBe(2);
    for (const more of [{ select: 'span' }, { exact_count: true }, { stream_number: 1 }]) {
      expect(formatVersion({ ...base, ...more })).toBe(2);
    }
  });

  it('masks words by any way to select but that of tokens', () => {
    expect(Object.keys(selections).filter((select) => masksWords({ ...base, select }))).toEqual([
      'whole-word',
      'ngram',
      'span',
    ]);
    expect(masksWords(base)).toBe(false);
  });

  it('labels at most the larger probability, or everything', () => {
    expect(maskedShare(base)).toBe(0.15);
    expect(maskedShare({ ...base, final_probability: 0.4 })).toBe(0.4);
    expect(maskedShare({ ...base, final_probability: 0.1 })).toBe(0.15);
    expect(maskedShare({ ...base, labels: 'all' })).toBe(1);
  });

  it('reads as a line', () => {
    expect(describeSettings({ ...base, min_masks: 2, replace: [0.5, 0.25, 0.25] })).toBe(
      'probability 0.15, replace 0.5,0.25,0.25, labels masked, seed 42, min masks 2',
    );
  });

  it('survives cloning, as rules go to worker threads', () => {
    const rule = ruleOf({ select: 'span', replace: 'bert' });
    expect(structuredClone(rule)).toEqual(rule);
    expect([...bert.protectedIds].every((id) => rule.classes[id] === PROTECTED)).toBe(true);
  });
});
