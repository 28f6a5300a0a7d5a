import { settingsOf } from '@mlm/base/options';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dynamicOptions, dynamicSettings, maskingOptions, protectOptions } from './options.js';
import { selections } from './select/index.js';

const tables = { maskingOptions, protectOptions, dynamicOptions };

describe('options of masking', () => {
  it('say what they do, and what stands for their value', () => {
    for (const table of Object.values(tables)) {
      for (const { help, value = 'n', expected } of Object.values(table)) {
        expect(help).toMatch(/^\w.{10,}/);
        expect(value).toMatch(/^[\w|:]+$/);
        expect(expected).toMatch(/^\w/);
      }
    }
  });

  it('have the names and the defaults that datasets state', () => {
    expect(settingsOf(maskingOptions, {})).toEqual({
      probability: 0.15,
      select: 'token',
      replace: 'mask',
      labels: 'masked',
      exact_count: false,
      min_masks: 0,
      max_masks: undefined,
      dupe_factor: 1,
      stream_number: 0,
      seed: 42,
    });
    expect(settingsOf(protectOptions, {})).toEqual({ protect: [] });
    expect(settingsOf(dynamicOptions, {})).toEqual({
      select: undefined,
      replace: undefined,
      maskProbability: undefined,
    });
    expect(maskingOptions.probability.flag).toBe('mask-probability');
    for (const table of [maskingOptions, dynamicOptions]) {
      expect(table.select.choices).toEqual(Object.keys(selections));
    }
    expect(maskingOptions.labels.choices).toEqual(['masked', 'all']);
  });

  it.each([
    ['probability', [0, 0.15, 1], [-0.01, 1.01]],
    ['min_masks', [0, 2 ** 20], [-1, 0.5, 2 ** 20 + 1]],
    ['max_masks', [1, 2 ** 20], [0, 2 ** 20 + 1]],
    ['dupe_factor', [1, 1000], [0, 1001]],
    ['stream_number', [0, 2 ** 32 - 1], [-1, 2 ** 32]],
    ['seed', [0, Number.MAX_SAFE_INTEGER], [-1, 2 ** 53]],
    ['replace', ['mask', 'bert', [0.5, 0.5, 0], [0, 0, 1]], ['keep', '', [0.5, 0.5], [0.5, 0.5, 0.5]]],
  ] as const)('%s lies within its bounds', (name, right, wrong) => {
    const { accepts } = maskingOptions[name];
    expect(right.map((value) => accepts(value))).toEqual(right.map(() => true));
    expect(wrong.map((value) => accepts(value))).toEqual(wrong.map(() => false));
  });

  it('are what a resumed run compares as the rule that they make', () => {
    for (const { decides } of Object.values(dynamicOptions))
      expect(decides).toEqual({ through: 'masking-rule' });
  });
});

describe('a replacement', () => {
  const { read, accepts, expected } = maskingOptions.replace;

  it('is spelled by its name, or by three shares', () => {
    expect(read('bert')).toBe('bert');
    expect(read('0.5, 0.25,0.25')).toEqual([0.5, 0.25, 0.25]);
    for (const spelled of ['0.5,0.5', '0.2,0.2,0.2,0.4', '1']) expect(read(spelled)).toBe(spelled);
    expect(accepts(read('0.5,,0.5'))).toBe(false);
    expect(accepts(read(' ,0.5,0.5'))).toBe(false);
    expect(expected).toBe('mask, bert, or the shares of [MASK], random and kept tokens, such as 0.8,0.1,0.1');
  });

  it('is the dataset’s own in training unless it is given', () => {
    expect(dynamicOptions.replace.default).toBeUndefined();
    expect(dynamicOptions.replace.read('0.5,0.25,0.25')).toEqual([0.5, 0.25, 0.25]);
  });
});

describe('a probability that changes', () => {
  const settings = (maskProbability: string) => dynamicSettings({ maskProbability });
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  it('is one number, or the first and the last', () => {
    fc.assert(
      fc.property(share, share, (first, last) => {
        expect(settings(`${first}:${last}`)).toEqual({ probability: first, final_probability: last });
        expect(settings(String(first))).toEqual({ probability: first, final_probability: first });
        expect(dynamicOptions.maskProbability.accepts(`${first}:${last}`)).toBe(true);
      }),
    );
  });

  it.each([
    '',
    ':',
    '0.1:',
    ':0.1',
    '0.1:0.2:0.3',
    '-0.1',
    '1.1',
    '0.5:1.1',
    '0.5:-1',
    'half',
    ' ',
    undefined,
    0.15,
  ])('is not %o', (spelled) => {
    expect(dynamicOptions.maskProbability.accepts(spelled)).toBe(false);
    expect(dynamicOptions.maskProbability.expected).toBe('a number between 0 and 1, or two such as 0.3:0.15');
  });

  it('changes nothing that is not given', () => {
    expect(dynamicSettings({})).toEqual({});
    expect(dynamicSettings({ select: 'span' })).toEqual({ select: 'span' });
    expect(dynamicSettings({ replace: 'bert' })).toEqual({ replace: 'bert' });
  });
});
