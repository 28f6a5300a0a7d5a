import type { MaskingSettings } from '@mlm/arrow';
import { describe, expect, it } from 'vitest';
import { columnOf, ruleOf } from '../testing.fixture.js';
import { brokenCount, brokenLaw, tellsWords, unlikeLengths } from './laws.js';

/** Every third id continues a word; 0 pads, 1 is protected, 2 is [MASK]. */
const ruleWith = (settings: Partial<MaskingSettings> = {}) =>
  ruleOf({ maskId: 2, padId: 0, protectedIds: [1], vocabularySize: 12, ...settings });

interface Case {
  ids: number[];
  labels: number[];
  attention?: number[];
  settings?: Partial<MaskingSettings>;
  isDeclared?: boolean;
  mayMask?: number[];
}

/** What is wrong with a row that stands behind another one. */
function problemOf({ ids, labels, attention, settings, isDeclared = true, mayMask }: Case) {
  const attended = attention && columnOf([[1, 1], attention]);
  const found = {
    input_ids: columnOf([[4, 5], ids]),
    labels: columnOf([[-100, -100], labels]),
    attention_mask: attended && { ...attended, values: Int8Array.from(attended.values) },
  };
  return brokenLaw(found, 1, {
    rule: ruleWith(settings),
    isDeclared,
    share: Number.NaN,
    ...(mayMask && { mayMask }),
  });
}

const none = -100;

describe('a row', () => {
  it.each<[string, Case]>([
    ['without tokens', { ids: [], labels: [], attention: [] }],
    ['of padding', { ids: [0, 0], labels: [none, none], attention: [0, 0] }],
    [
      'with [MASK]',
      { ids: [1, 2, 5, 1, 0], labels: [none, 4, none, none, none], attention: [1, 1, 1, 1, 0] },
    ],
    ['with padding inside', { ids: [4, 0, 5], labels: [none, none, none], attention: [1, 1, 1] }],
    ['with the least and the largest id', { ids: [2, 11], labels: [11, none] }],
    ['with a random token', { ids: [7], labels: [4], settings: { replace: 'bert' } }],
    ['with a kept token', { ids: [4], labels: [4], settings: { replace: 'bert' } }],
    ['with labels at all tokens', { ids: [1, 2, 5], labels: [1, 4, 5], settings: { labels: 'all' } }],
    [
      'with words masked all or none',
      { ids: [2, 2, 5, 6], labels: [4, 3, none, none], settings: { select: 'whole-word' } },
    ],
    [
      'with the rest of a word that its edge or a protected token cuts',
      { ids: [2, 4, 1, 2], labels: [3, none, none, 6], settings: { select: 'whole-word' } },
    ],
    [
      'whose rest of a word is masked, where nothing is declared',
      { ids: [4, 2], labels: [none, 3], settings: { select: 'whole-word' }, isDeclared: false },
    ],
    ['with a protected token that may be masked', { ids: [2, 4], labels: [1, none], mayMask: [1] }],
    [
      'with a protected token at random, where nothing is declared',
      { ids: [1], labels: [4], settings: { replace: 'bert' }, isDeclared: false },
    ],
  ])('%s breaks no law', (_, row) => {
    expect(problemOf(row)).toBeUndefined();
  });

  it.each<[Case, number, string]>([
    [
      { ids: [4, 5], labels: [none, none], attention: [1, 0] },
      1,
      'attention_mask is 0 on a real token, expected 1',
    ],
    [
      { ids: [4, 0, 0], labels: [none, none, none], attention: [1, 0, 1] },
      2,
      'attention_mask is 1 on padding, expected 0',
    ],
    [{ ids: [4, 0], labels: [none, 7] }, 1, 'the label is 7 on padding, expected -100'],
    [
      { ids: [4, 12], labels: [none, none] },
      1,
      'input_ids holds 12, expected an id of the vocabulary, 0 to 11',
    ],
    [{ ids: [-1], labels: [none] }, 0, 'input_ids holds -1, expected an id of the vocabulary, 0 to 11'],
    [{ ids: [2], labels: [12] }, 0, 'the label is 12, expected -100 or an id of the vocabulary, 0 to 11'],
    [{ ids: [2], labels: [-1] }, 0, 'the label is -1, expected -100 or an id of the vocabulary, 0 to 11'],
    [
      { ids: [4, 5], labels: [4, none], settings: { labels: 'all' } },
      1,
      'the label is -100 on a real token, expected its id',
    ],
    [{ ids: [4, 2], labels: [none, 1] }, 1, 'the protected token 1 was masked'],
    [{ ids: [4, 2], labels: [none, 1], mayMask: [3] }, 1, 'the protected token 1 was masked'],
    [{ ids: [7], labels: [1], settings: { labels: 'all' } }, 0, 'the protected token 1 was masked'],
    [{ ids: [7], labels: [4] }, 0, 'a masked token was replaced by 7, expected [MASK] (2)'],
    [{ ids: [4], labels: [4] }, 0, 'a masked token was replaced by 4, expected [MASK] (2)'],
    [
      { ids: [7], labels: [4], settings: { replace: [0.5, 0, 0.5] } },
      0,
      'a masked token was replaced by 7, expected [MASK] (2)',
    ],
    [
      { ids: [1], labels: [4], settings: { replace: 'bert' } },
      0,
      'a masked token was replaced by the protected token 1',
    ],
    [
      { ids: [2, 3], labels: [4, none], settings: { select: 'whole-word' } },
      1,
      'a word is masked in part: expected all of its tokens or none',
    ],
    [
      { ids: [4, 2], labels: [none, 3], settings: { select: 'whole-word' } },
      1,
      'a word is masked in part: expected all of its tokens or none',
    ],
    [
      { ids: [1, 3, 2], labels: [none, none, 3], settings: { select: 'span' } },
      2,
      'a word is masked in part: expected all of its tokens or none',
    ],
  ])('%j breaks one at position %d: %s', (row, position, message) => {
    expect(problemOf(row)).toEqual({ row: 1, position, message });
  });
});

it('words are told to be masked all or none where the labels show it', () => {
  const tells = (settings: Partial<MaskingSettings>, isDeclared = true) =>
    tellsWords({ rule: ruleWith(settings), isDeclared, share: Number.NaN });
  expect(tells({ select: 'whole-word' })).toBe(true);
  expect(tells({ select: 'span', replace: 'bert' })).toBe(true);
  expect(tells({ select: 'whole-word', labels: 'all' })).toBe(true);
  expect(tells({ select: 'whole-word', labels: 'all', replace: 'bert' })).toBe(false);
  expect(tells({})).toBe(false);
  expect(tells({ select: 'whole-word' }, false)).toBe(false);
});

describe('the number of masked tokens', () => {
  const counted = (masked: number, settings: Partial<MaskingSettings>, choices = 10) =>
    brokenCount(masked, 12, choices, ruleWith(settings));

  it('is at least and at most what is declared', () => {
    const bounds = { min_masks: 3, max_masks: 5 };
    expect([3, 4, 5].map((masked) => counted(masked, bounds))).toEqual([undefined, undefined, undefined]);
    expect(counted(6, bounds)).toBe("6 of the row's 12 tokens are masked, expected at most 5");
    expect(counted(2, bounds)).toBe("2 of the row's 12 tokens are masked, expected at least 3");
    expect(counted(0, {})).toBeUndefined();
    expect(counted(12, { min_masks: 1 })).toBeUndefined();
    expect(counted(0, { max_masks: 1 })).toBeUndefined();
  });

  it('is that of the choices where these are fewer', () => {
    expect(counted(2, { min_masks: 3 }, 2)).toBeUndefined();
    expect(counted(1, { min_masks: 3 }, 2)).toContain('expected at least 3');
  });

  it('is not known of words, nor with labels at all tokens', () => {
    expect(counted(9, { max_masks: 5, select: 'whole-word' })).toBeUndefined();
    expect(counted(9, { max_masks: 5, labels: 'all' })).toBeUndefined();
  });
});

it('rows whose columns have unlike lengths are told, as many as are wanted', () => {
  const [four, five] = [
    columnOf([
      [1, 2],
      [3, 4],
    ]),
    columnOf([
      [1, 2],
      [3, 4, 5],
    ]),
  ];
  const attention = (row: number[]) => ({ ...columnOf([[1, 1], row]), values: new Int8Array(9) });
  const shorter = { input_ids: five, labels: four };
  expect(unlikeLengths({ input_ids: four, labels: four }, 9)).toEqual([]);
  expect(unlikeLengths({ input_ids: five, labels: five, attention_mask: attention([1, 1, 1]) }, 9)).toEqual(
    [],
  );
  expect(unlikeLengths(shorter, 9)).toEqual([
    { row: 1, position: 0, message: 'lengths differ: input_ids 3, labels 2, attention_mask 3' },
  ]);
  expect(unlikeLengths(shorter, 0)).toEqual([]);
  expect(unlikeLengths({ input_ids: five, labels: five, attention_mask: attention([1]) }, 9)).toEqual([
    { row: 1, position: 0, message: 'lengths differ: input_ids 3, labels 3, attention_mask 1' },
  ]);
  const none = columnOf([[], []]);
  expect(unlikeLengths({ input_ids: none, labels: four }, 1).map(({ row }) => row)).toEqual([0]);
});
