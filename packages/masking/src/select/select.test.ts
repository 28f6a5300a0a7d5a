import type { MaskingSettings } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyWords, philox, RUN_PURPOSE, selectionWord } from '../random/counter.js';
import { maskRows } from '../rows/mask-rows.js';
import { IGNORED_LABEL } from '../rows/originals.js';
import { maskingRule } from '../rule.js';
import { binomialBound, columnOf, rowsOf } from '../testing.fixture.js';
import { selectionOf, selections } from './index.js';

// Rows are written as tokens, so that a counter-example reads as text: "[CLS] un ##like ##ly [SEP] it [PAD]".
const VOCABULARY = '[PAD] [CLS] [SEP] [UNK] [MASK] the cat sat un it ##like ##ly ##s'.split(' ');
const tokenizer = {
  vocabularySize: VOCABULARY.length,
  specialIds: { mask: 4, pad: 0 },
  protectedIds: [0, 1, 2, 3, 4],
  wordStarts: Uint8Array.from(VOCABULARY, (token) => (token.startsWith('##') ? 0 : 1)),
};
const idsOf = (text: string) =>
  text
    .split(' ')
    .filter(Boolean)
    .map((token) => VOCABULARY.indexOf(token));
const textOf = (ids: readonly number[]) => ids.map((id) => VOCABULARY[id]).join(' ');

/** Lengths about the sizes of the kernel's words of 32 bits, at which one row's bits end where the next row's begin. */
const lengths = fc.oneof(fc.nat(80), fc.constantFrom(30, 31, 32, 62, 64));
const texts = fc
  .tuple(
    lengths.chain((length) =>
      fc.array(fc.constantFrom(...VOCABULARY.slice(5), '[SEP]', '[UNK]'), {
        minLength: length,
        maxLength: length,
      }),
    ),
    fc.boolean(),
    fc.array(fc.constant('[PAD]'), { maxLength: 3 }),
  )
  .map(([tokens, isWhole, padding]) =>
    (isWhole ? ['[CLS]', ...tokens, '[SEP]', ...padding] : tokens).join(' '),
  );

const count = fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined });
const settings = fc
  .record({
    probability: fc.oneof(fc.constantFrom(0, 0.15, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    select: fc.constantFrom(...Object.keys(selections)),
    replace: fc.constantFrom('mask', 'bert', [0.5, 0.25, 0.25] as const, [0, 0, 1] as const),
    seed: fc.nat(),
    exact_count: fc.boolean(),
    min_masks: count,
    more: fc.option(fc.nat(12), { nil: undefined }),
    dupe_factor: fc.integer({ min: 1, max: 3 }),
    stream_number: fc.constantFrom(0, 0, 1, 2 ** 32 - 1),
  })
  .map(
    ({ min_masks, more, ...rest }): MaskingSettings => ({
      ...rest,
      labels: 'masked',
      ...(min_masks !== undefined && { min_masks }),
      ...(more !== undefined && { max_masks: Math.max(1, (min_masks ?? 0) + more) }),
    }),
  );

const SPAN_LENGTHS = { ngram: [1, 1 / 2, 1 / 3], span: Array.from({ length: 10 }, (_, i) => 0.8 ** i) };

/** The rules said once more, word by word, as docs/masking.md says them: positions that are masked, and where runs begin. */
function model(text: string, place: { row: number; unit: number; epoch: number }, settings: MaskingSettings) {
  const tokens = text.split(' ').filter(Boolean);
  const { select = 'token', probability: p, dupe_factor = 1 } = settings;
  const key = keyWords(settings.seed, settings.stream_number);
  const row = Math.floor(place.row / dupe_factor);
  const last = selectionWord(place.epoch * dupe_factor + (place.row % dupe_factor), 'train');
  const draw = (position: number) =>
    philox([position >>> 2, row, place.unit, last], key)[position & 3]! / 2 ** 32;
  const runDraw = (position: number, word: 0 | 1 | 2) =>
    philox([RUN_PURPOSE | position, row, place.unit, last], key)[word] / 2 ** 32;

  // Stretches of words: lists of lists of positions.
  const stretches: number[][][] = [];
  let open = false;
  tokens.forEach((token, position) => {
    if (token.startsWith('[')) open = false;
    else if (!open) {
      stretches.push([[position]]);
      open = true;
    } else if (select !== 'token' && token.startsWith('##')) stretches.at(-1)!.at(-1)!.push(position);
    else stretches.at(-1)!.push([position]);
  });

  const weights = SPAN_LENGTHS[select as 'ngram' | 'span'] ?? [1];
  const total = weights.reduce((a, b) => a + b, 0);
  const chances = weights.map((weight) => weight / total);
  const mean = chances.reduce((sum, chance, i) => sum + chance * (i + 1), 0);
  const pick = (draw: number, chances: number[]) => {
    const upTo = (length: number) => chances.slice(0, length).reduce((sum, chance) => sum + chance, 0);
    let length = 1;
    while (length < chances.length && draw >= upTo(length)) length++;
    return length;
  };
  const atLeast = chances.map((_, i) => chances.slice(i).reduce((a, b) => a + b, 0) / mean);
  const start = p === 0 ? 0 : p / (mean * (1 - p) + p);

  const masked = new Map<number, number>(); // position → where its run begins
  for (const words of stretches) {
    for (let w = 0; w < words.length; ) {
      const first = words[w]![0]!;
      let length = 0;
      if (weights.length === 1) length = draw(first) < p ? 1 : 0;
      else if (w === 0) length = runDraw(first, 1) < p ? pick(runDraw(first, 2), atLeast) : 0;
      else if (draw(first) < start) length = pick(runDraw(first, 0), chances);
      for (const word of words.slice(w, w + length)) for (const at of word) masked.set(at, first);
      w += Math.max(1, length);
    }
  }

  const { exact_count = false, min_masks = 0, max_masks = Number.POSITIVE_INFINITY } = settings;
  const real = tokens.filter((token) => token !== '[PAD]').length;
  const half = p * real;
  const rounded = half % 1 === 0.5 ? 2 * Math.round(half / 2) : Math.round(half);
  const wanted = exact_count
    ? Math.min(max_masks, Math.max(1, min_masks, rounded))
    : Math.min(max_masks, Math.max(min_masks, masked.size));
  if (!exact_count && wanted === masked.size) return masked;
  const mayExceed = !exact_count && masked.size < min_masks && min_masks < max_masks;
  masked.clear();
  const order = stretches
    .flatMap((words) => words.map((_, w) => ({ words, w, draw: draw(words[w]![0]!) })))
    .sort((a, b) => a.draw - b.draw);
  for (const strict of [!mayExceed, false]) {
    if (masked.size > 0) break;
    for (const { words, w } of order) {
      if (masked.size >= wanted) break;
      const first = words[w]![0]!;
      const length = weights.length === 1 ? 1 : pick(runDraw(first, 0), chances);
      for (const word of words.slice(w, w + length)) {
        const isTaken = masked.has(word[0]!);
        if (isTaken || masked.size >= wanted || (strict && masked.size + word.length > wanted)) break;
        for (const at of word) masked.set(at, first);
      }
    }
  }
  return masked;
}

describe('every way to select', () => {
  it('masks what its description says, word by word', () => {
    fc.assert(
      fc.property(
        fc.array(texts, { minLength: 1, maxLength: 5 }),
        settings,
        fc.nat(9),
        (texts, settings, epoch) => {
          const rule = maskingRule(tokenizer, settings);
          const place = { unit: 3, firstRow: 7, split: 'train' as const };
          const masked = maskRows(columnOf(texts.map(idsOf)), rule, place, epoch);
          const labels = rowsOf(masked.labels);
          const found = labels.map((row, i) =>
            textOf(row.map((label, at) => (label === IGNORED_LABEL ? idsOf(texts[i]!)[at]! : 4))),
          );
          const expected = texts.map((text, i) => {
            const positions = model(text, { row: 7 + i, unit: 3, epoch }, settings);
            return textOf(idsOf(text).map((id, at) => (positions.has(at) ? 4 : id)));
          });
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('replaces each token by itself, and a span as one', () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 3 }), settings, (texts, settings) => {
        const rule = maskingRule(tokenizer, settings);
        const place = { unit: 0, firstRow: 0, split: 'train' as const };
        const masked = maskRows(columnOf(texts.map(idsOf)), rule, place);
        const { dupe_factor = 1, replace, seed, stream_number } = settings;
        const [mask, random] =
          { mask: [1, 0], bert: [0.8, 0.1] }[String(replace)] ?? (replace as readonly number[]);
        const eligible = VOCABULARY.flatMap((token, id) => (token.startsWith('[') ? [] : [id]));
        const expected = texts.map((text, row) => {
          const positions = model(text, { row, unit: 0, epoch: 0 }, settings);
          const block = (position: number) => {
            const last = selectionWord(row % dupe_factor, 'train') | 1;
            return philox([position, Math.floor(row / dupe_factor), 0, last], keyWords(seed, stream_number));
          };
          return textOf(
            idsOf(text).map((id, at) => {
              if (!positions.has(at)) return id;
              const kind = block(settings.select === 'span' ? positions.get(at)! : at)[0] / 2 ** 32;
              if (kind < mask!) return 4;
              const [, high, low] = block(at);
              const choice = ((BigInt(high) << 32n) | BigInt(low)) * BigInt(eligible.length);
              return kind < mask! + random! ? eligible[Number(choice >> 64n)]! : id;
            }),
          );
        });
        expect(rowsOf(masked.input_ids).map(textOf)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a bound on the number of masks', () => {
  it('changes no row that keeps it', () => {
    fc.assert(
      fc.property(texts, fc.constantFrom(...Object.keys(selections)), fc.nat(), (text, select, seed) => {
        const settings = { probability: 0.3, replace: 'mask', labels: 'masked', seed, select } as const;
        const masks = (bounds: Partial<MaskingSettings>) => {
          const rule = maskingRule(tokenizer, { ...settings, ...bounds });
          return maskRows(columnOf([idsOf(text)]), rule, { unit: 0, firstRow: 0, split: 'train' });
        };
        const { masked, labels } = masks({});
        expect(masks({ min_masks: masked }).labels).toEqual(labels);
        if (masked > 0) expect(masks({ max_masks: masked }).labels).toEqual(labels);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a count that is exact', () => {
  it.each([
    [18, 2], // of 20 tokens with [CLS] and [SEP]: 2.5, and halves go to the even number, as in Python
    [26, 4], // 3.5
    [2, 1], // 0.5, but at least one
  ])('rounds as BERT’s script does: %d words give %d masks', (words, masks) => {
    const settings = {
      probability: 0.125,
      replace: 'mask',
      labels: 'masked',
      seed: 1,
      exact_count: true,
    } as const;
    const row = idsOf(['[CLS]', ...new Array<string>(words).fill('cat'), '[SEP]'].join(' '));
    const { masked } = maskRows(columnOf([row]), maskingRule(tokenizer, settings), {
      unit: 0,
      firstRow: 0,
      split: 'train',
    });
    expect(masked).toBe(masks);
  });
});

describe('shares', () => {
  const words = (seed: number) =>
    Array.from({ length: 400 }, (_, row) => {
      const tokens = Array.from({ length: 60 }, (_, i) => 5 + ((seed + row * 31 + i * i * 7 + i) % 8));
      return [1, ...tokens, 2];
    });

  it.each(Object.keys(selections))(
    '%s masks the first, the last and every other token equally often',
    (select) => {
      const perPosition = new Float64Array(60);
      const rounds = 20;
      for (let seed = 0; seed < rounds; seed++) {
        const rule = maskingRule(tokenizer, {
          probability: 0.3,
          replace: 'mask',
          labels: 'masked',
          seed,
          select,
        });
        const { labels } = maskRows(columnOf(words(seed)), rule, { unit: 0, firstRow: 0, split: 'train' });
        labels.values.forEach((label, i) => {
          const position = (i % 62) - 1;
          if (label !== IGNORED_LABEL) perPosition[position]!++;
        });
      }
      for (const found of perPosition) {
        expect(Math.abs(found - 0.3 * 400 * rounds)).toBeLessThan(binomialBound(400 * rounds, 0.3));
      }
    },
  );
});

it('an id outside the vocabulary is refused where words are looked for', () => {
  const settings = { probability: 0.5, replace: 'mask', labels: 'masked', seed: 1, select: 'span' } as const;
  const refused = (id: number) =>
    expect(() =>
      maskRows(columnOf([[5, 6, id, 7]]), maskingRule(tokenizer, settings), {
        unit: 0,
        firstRow: 0,
        split: 'train',
      }),
    );
  for (const id of [13, -1]) {
    refused(id).toThrow(InputError);
    refused(id).toThrow(`input_ids holds ${id}: expected an id of the vocabulary, 0 to 12`);
  }
});

it('a way to select has a name that is in the list', () => {
  expect(selectionOf()).toBe(selections.token);
  for (const [name, selection] of Object.entries(selections)) expect(selectionOf(name)).toBe(selection);
  expect(() => selectionOf('words')).toThrow(InputError);
  expect(() => selectionOf('toString')).toThrow('select "toString": expected token, whole-word, ngram, span');
});

describe('settings out of range', () => {
  const base: MaskingSettings = { probability: 0.15, replace: 'mask', labels: 'masked', seed: 42 };
  it.each([
    [{ select: 'words' }, 'select is words, expected one of token, whole-word, ngram, span'],
    [{ select: 'toString' }, 'select is toString'],
    [{ replace: 'constructor' }, 'replace is constructor, expected mask, bert, or the shares'],
    [{ replace: [0.8, 0.1, 0.2] as const }, 'replace is 0.8,0.1,0.2, expected mask'],
    [{ min_masks: 5, max_masks: 4 }, 'max_masks is 4, expected at least min_masks: 5'],
    [{ dupe_factor: 0 }, 'dupe_factor is 0, expected a whole number between 1 and 1000'],
    [{ stream_number: -1 }, 'stream_number is -1, expected a whole number'],
    [{ protect: [13] }, 'protected id 13: expected an id of the vocabulary, 0 to 12'],
    [{ final_probability: 2 }, 'probability is 2, expected a number between 0 and 1'],
  ])('%o are refused', (changes, message) => {
    expect(() => maskingRule(tokenizer, { ...base, ...changes })).toThrow(message);
  });

  it('are refused for words where the tokenizer does not say where they begin', () => {
    const { wordStarts: _, ...silent } = tokenizer;
    expect(() => maskingRule(silent, { ...base, select: 'span' })).toThrow(
      'select: span: the tokenizer does not say which tokens begin a word',
    );
  });

  it('are left out of the metadata where they are the defaults', () => {
    const stated = { ...base, select: 'token', dupe_factor: 1, stream_number: 0, min_masks: 0, protect: [] };
    expect(maskingRule(tokenizer, stated).settings).toEqual(base);
    expect(maskingRule(tokenizer, { ...base, replace: [0.8, 0.1, 0.1] }).settings.replace).toBe('bert');
  });
});
