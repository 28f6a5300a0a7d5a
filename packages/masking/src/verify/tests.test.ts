import type { MaskingSettings } from '@mlm/arrow';
import { maskedBatch } from '@mlm/arrow';
import { describe, expect, it } from 'vitest';
import { maskRows } from '../rows/mask-rows.js';
import { IGNORED_LABEL } from '../rows/originals.js';
import { maskingRule } from '../rule.js';
import { columnOf, describeRule } from '../testing.fixture.js';
import { FAILURE } from './tests.js';
import { type MaskingReport, verifyMasking } from './verify-masking.js';

const VOCABULARY = 200;
const tokenizer = {
  vocabularySize: VOCABULARY,
  specialIds: { mask: 4, pad: 0 },
  protectedIds: [0, 1, 2, 3, 4],
  wordStarts: Uint8Array.from({ length: VOCABULARY }, (_, id) => (id % 3 === 0 ? 0 : 1)),
};
const ROWS = 2000;
const LENGTH = 40;
const rows = Array.from({ length: ROWS }, (_, row) => [
  1,
  ...Array.from({ length: LENGTH - 2 }, (_, i) => 5 + ((row * 7919 + i * 104_729 + ((row * i) % 13)) % 195)),
  2,
]);

type Columns = ReturnType<typeof maskRows>;

function masked(settings: Partial<MaskingSettings>, seed: number) {
  const rule = maskingRule(tokenizer, {
    probability: 0.15,
    replace: 'bert',
    labels: 'masked',
    seed,
    ...settings,
  });
  return { rule, columns: maskRows(columnOf(rows), rule, { unit: 0, firstRow: 0, split: 'train' }) };
}

/** What verify says of rows whose making is not known, or known but for the seed. */
async function judged(columns: Columns, settings?: Partial<MaskingSettings>): Promise<MaskingReport> {
  const rule = maskingRule(tokenizer, {
    probability: 0.15,
    replace: 'bert',
    labels: 'masked',
    seed: 0,
    ...settings,
  });
  const words = Buffer.alloc(25);
  tokenizer.wordStarts.forEach((starts, id) => {
    words[id >>> 3]! |= starts << (id & 7);
  });
  const described = describeRule(rule);
  const metadata = settings && {
    ...described,
    tokenizer: { ...described.tokenizer, word_starts: words.toString('base64') },
    split: 'train' as const,
    rows_per_unit: [ROWS],
  };
  const dataset = {
    metadata,
    rows: ROWS,
    async *[Symbol.asyncIterator]() {
      yield maskedBatch(columns);
    },
  };
  return verifyMasking(dataset, settings ? undefined : rule);
}

const failing = ({ tests }: MaskingReport) => tests.filter(({ p }) => p < FAILURE).map(({ name }) => name);

describe('statistics of sound datasets', () => {
  it.each([
    {},
    { replace: [0.5, 0.3, 0.2] as const },
    { select: 'whole-word' },
    { select: 'ngram', probability: 0.3 },
    { select: 'span' },
    { exact_count: true },
    { min_masks: 4, max_masks: 8 },
    { select: 'whole-word', exact_count: true },
    { dupe_factor: 2 },
  ])('raise no alarm, whether their settings are known or not: %o', async (settings) => {
    for (let seed = 0; seed < 8; seed++) {
      const { columns } = masked(settings, seed);
      const declared = await judged(columns, { ...settings, seed });
      expect(declared.violations).toEqual([]);
      expect(failing(declared)).toEqual([]);
      expect(declared).toMatchObject({ checked: 'rule', isSound: true, rows: ROWS });
      const undeclared = await judged(columns);
      expect(failing(undeclared)).toEqual([]);
      expect(undeclared).toMatchObject({ checked: 'laws', isSound: true });
    }
  });

  it('have p-values that are spread as chance has it', async () => {
    const smallest: number[] = [];
    for (let seed = 100; seed < 160; seed++) {
      const { columns } = masked({}, seed);
      smallest.push((await judged(columns, { seed })).p);
    }
    // Of 60 corrected p-values some 6 lie below 0.1, and 20 or more with a chance below 1e-6.
    expect(smallest.filter((p) => p < 0.1).length).toBeLessThan(20);
    expect(smallest.filter((p) => p < 1e-4)).toEqual([]);
  });
});

/** Takes masks away, or puts [MASK] and labels where they were not drawn. */
function altered(
  columns: Columns,
  change: (position: number, row: number, id: number) => boolean | undefined,
) {
  const { input_ids, labels } = columns;
  for (let i = 0; i < input_ids.values.length; i++) {
    const label = labels.values[i]!;
    const original = label === IGNORED_LABEL ? input_ids.values[i]! : label;
    if (original < 5) continue;
    const wanted = change(i % LENGTH, Math.floor(i / LENGTH), original);
    if (wanted === undefined) continue;
    labels.values[i] = wanted ? original : IGNORED_LABEL;
    input_ids.values[i] = wanted ? 4 : original;
  }
  return columns;
}

const hash = (a: number, b: number) => (Math.imul(a * 7919 + b + 1, 2654435761) >>> 0) / 2 ** 32;

describe('statistics find, without knowing the settings,', () => {
  it.each([
    [
      'a position that is never masked',
      'equal shares at all positions',
      (at: number) => (at === 9 ? false : undefined),
    ],
    [
      'a token that is never masked',
      'equal shares of all tokens',
      (_: number, __: number, id: number) => (id === 77 ? false : undefined),
    ],
    [
      'rows that are masked less than others',
      'equal shares in all parts of the rows',
      (at: number, row: number) => (row < 400 && hash(row, at) < 0.5 ? false : undefined),
    ],
  ] as const)('%s', async (_, test, change) => {
    const report = await judged(altered(masked({}, 1).columns, change));
    expect(failing(report)).toContain(test);
    expect(report.isSound).toBe(false);
  });
});

describe('statistics find, where settings are declared,', () => {
  it.each([
    ['another share', 'share of tokens that are masked', (at: number, row: number) => hash(row, at) < 0.13],
    [
      'a count that is the same in each row',
      'spread over rows',
      (at: number, row: number) => (at + row * 5) % 38 < 6 && at > 0,
    ],
    [
      'neighbours that are masked together',
      'independence of neighbours',
      (at: number, row: number) => hash(row, at >> 1) < 0.15,
    ],
  ] as const)('%s', async (_, test, change) => {
    const columns = altered(masked({ replace: 'mask' }, 1).columns, change);
    const report = await judged(columns, { replace: 'mask', seed: 1 });
    expect(failing(report)).toContain(test);
    // Such rows are not the rule's own either.
    expect(report.violations.length).toBe(5);
    expect(report.violations[0]!.found!.input_ids).toHaveLength(LENGTH);
  });

  it('other shares of replacement', async () => {
    const { columns } = masked({ replace: [0.7, 0.2, 0.1] }, 3);
    expect(failing(await judged(columns, { seed: 3 }))).toContain('what masked tokens became');
  });

  it('a word of which a part is masked', async () => {
    const { columns } = masked({ select: 'token' }, 3);
    const report = await judged(columns, { select: 'whole-word', seed: 3 });
    expect(report.violations[0]!.message).toMatch(
      /a word is masked in part|but the rule with its seed gives/,
    );
  });
});

describe('draws of other epochs, seeds and copies', () => {
  it('are told to be independent', async () => {
    const { tests } = await judged(masked({ dupe_factor: 4 }, 5).columns, { dupe_factor: 4, seed: 5 });
    const found = tests.find(({ name }) => name === 'independence of other draws');
    expect(found).toMatchObject({ figures: 3 });
    expect(found!.p).toBeGreaterThan(FAILURE);
  });
});
