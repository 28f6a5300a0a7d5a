import { type DatasetMetadata, listColumn, maskedBatch, tokenBatch } from '@mlm/arrow';
import type { RecordBatch } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskBatch } from '../batch/mask-batch.js';
import type { MaskingRule } from '../rule.js';
import { cases, columnOf, describeRule, plainRows, ruleOf } from '../testing.fixture.js';
import { type MaskedDataset, verifyMasking } from './verify-masking.js';

const ROWS_PER_UNIT = [3, 0, 4];

function metadataOf(rule: MaskingRule, rowsPerUnit = ROWS_PER_UNIT): DatasetMetadata {
  return { ...describeRule(rule), split: 'train', rows_per_unit: rowsPerUnit };
}

function datasetOf(batches: RecordBatch[], metadata?: DatasetMetadata): MaskedDataset {
  return {
    metadata,
    async *[Symbol.asyncIterator]() {
      yield* batches;
    },
  };
}

/** Seven rows of two units in two batches, the second one without its place, so that the metadata must tell. */
function maskedBatches(rule: MaskingRule): RecordBatch[] {
  const first = maskBatch(tokenBatch(plainRows(3, 20), { unit: 0, firstRow: 0, split: 'train' }), rule);
  const place = { unit: 2, firstRow: 0, split: 'train' as const };
  const second = maskBatch(tokenBatch(plainRows(4, 20)), rule, 0, place);
  return [first, maskedBatch(columnsOf(second))];
}

function columnsOf(batch: RecordBatch) {
  return {
    input_ids: listColumn(batch, 'input_ids'),
    labels: listColumn(batch, 'labels'),
    attention_mask: listColumn(batch, 'attention_mask'),
  };
}

/** The batches with one value of the second batch changed. */
function broken(
  rule: MaskingRule,
  column: 'input_ids' | 'labels' | 'attention_mask',
  index: number,
  value: number,
) {
  const batches = maskedBatches(rule);
  columnsOf(batches[1]!)[column].values[index] = value;
  return batches;
}

describe('verifyMasking', () => {
  it.each([
    {},
    { labels: 'all' },
    { replace: 'bert', seed: 7 },
    { labels: 'all', replace: 'bert', select: 'whole-word', probability: 0.5 },
  ] as const)('accepts what the rule made: %o', async (changes) => {
    const rule = ruleOf(changes);
    const report = await verifyMasking(datasetOf(maskedBatches(rule), metadataOf(rule)));
    expect(report).toMatchObject({ rows: 7, tokens: 140, checked: 'rule' });
    expect(report.violation).toBeUndefined();
  });

  it('accepts by the laws whatever any rule made', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ rule, rows }) => {
        const place = { unit: 0, firstRow: 0, split: 'train' as const };
        const batch = maskBatch(tokenBatch(columnOf(rows), place), rule);
        const byLaws = await verifyMasking(datasetOf([batch]), rule);
        expect(byLaws).toMatchObject({ checked: 'laws', rows: rows.length });
        expect(byLaws.violation).toBeUndefined();
        const byRule = await verifyMasking(datasetOf([batch], metadataOf(rule, [rows.length])));
        expect(byRule.violation).toBeUndefined();
      }),
    );
  });

  it('finds masks drawn with another seed, by the rule alone', async () => {
    const batches = maskedBatches(ruleOf({ seed: 1 }));
    const byRule = await verifyMasking(datasetOf(batches, metadataOf(ruleOf({ seed: 2 }))));
    expect(byRule.violation?.message).toContain('but the rule with its seed gives');
    const byLaws = await verifyMasking(datasetOf(batches, metadataOf(ruleOf({ seed: 2 }))), ruleOf());
    expect(byLaws.violation).toBeUndefined();
  });

  it.each([
    ['labels', 20, 101, 'the protected token 101 was masked'],
    ['labels', 21, 40_000, 'the label is 40000'],
    ['input_ids', 22, -5, 'input_ids holds -5'],
    ['attention_mask', 23, 0, 'attention_mask is 0 on a real token'],
  ] as const)(
    'names the first row that breaks a law: %s at %d is %d',
    async (column, index, value, message) => {
      const batches = broken(ruleOf(), column, index, value);
      for (const laws of [undefined, ruleOf()]) {
        const dataset = datasetOf(batches, metadataOf(ruleOf()));
        const found = await verifyMasking(dataset, laws);
        expect(found.violation).toMatchObject({ row: 4, position: index - 20 });
        expect(found.violation?.message).toContain(message);
      }
    },
  );

  it.each([
    ['attention_mask', 1, 'attention_mask is 1 on padding, expected 0'],
    ['labels', 0, 'the label is 0 on padding, expected -100'],
  ] as const)('finds padding with %s %d', async (column, value, message) => {
    const rows = columnOf([[101, 2000, 102, 0, 0]]);
    const batch = maskBatch(tokenBatch(rows, { unit: 0, firstRow: 0, split: 'train' }), ruleOf());
    columnsOf(batch)[column].values[4] = value;
    const { violation } = await verifyMasking(datasetOf([batch], metadataOf(ruleOf(), [1])));
    expect(violation).toMatchObject({ row: 0, position: 4, message });
  });

  it('finds a masked token that was put back', async () => {
    const batches = maskedBatches(ruleOf());
    const { input_ids, labels } = columnsOf(batches[1]!);
    const index = labels.values.findLastIndex((label) => label !== -100);
    input_ids.values[index] = labels.values[index]!;
    labels.values[index] = -100;
    const { violation } = await verifyMasking(datasetOf(batches, metadataOf(ruleOf())));
    expect(violation).toMatchObject({ row: 3 + Math.floor(index / 20), position: index % 20 });
  });

  it('finds a masked token that was replaced by another one', async () => {
    const batches = broken(ruleOf({ probability: 1 }), 'input_ids', 45, 2000);
    const { violation } = await verifyMasking(datasetOf(batches), ruleOf());
    expect(violation).toMatchObject({
      row: 5,
      position: 5,
      message: 'a masked token was replaced by 2000, expected [MASK] (103)',
    });
  });

  it('finds a dataset that ends early', async () => {
    const metadata = { ...metadataOf(ruleOf()), counts: { rows: 7, tokens: 140 } };
    const report = await verifyMasking(datasetOf(maskedBatches(ruleOf()).slice(0, 1), metadata));
    expect(report.violation?.message).toBe('the dataset ends after 3 rows, but its metadata states 7');
  });

  it('finds columns of unequal lengths', async () => {
    const { input_ids, attention_mask } = columnsOf(maskedBatches(ruleOf())[0]!);
    const labels = { values: input_ids.values, offsets: Int32Array.of(0, 20, 39, 60) };
    const report = await verifyMasking(
      datasetOf([maskedBatch({ input_ids, labels, attention_mask })]),
      ruleOf(),
    );
    expect(report.violation).toMatchObject({ row: 1, message: expect.stringContaining('labels 19') });
  });

  it('finds documents that do not begin and end where document_starts says', async () => {
    const rule = ruleOf();
    const rows = columnOf([
      [101, 5000, 102, 101, 5001, 5002, 102, 0],
      [101, 5003, 5004, 5005, 5006, 5007, 5008, 102],
    ]);
    const described = metadataOf(rule, [2]);
    const metadata = { ...described, cut: { ...described.cut, pack: 'documents' as const } };
    const place = { unit: 0, firstRow: 0, split: 'train' as const };
    const found = async (starts: number[][], metadata?: DatasetMetadata) => {
      const batch = maskBatch(tokenBatch(rows, place, columnOf(starts)), rule);
      const { violation } = await verifyMasking(datasetOf([batch], metadata), metadata ? undefined : rule);
      return violation && [violation.row, violation.position, violation.message];
    };
    const saying = (text: string) => expect.stringContaining(text);
    expect(await found([[0, 3], [0]], metadata)).toBeUndefined();
    expect(await found([[0, 3], [0]])).toBeUndefined();
    expect(await found([[0, 3], []], metadata)).toEqual([1, 0, saying('begins with nothing')]);
    expect(await found([[0, 3, 3], [0]], metadata)).toEqual([0, 3, saying('ascending')]);
    expect(await found([[0, 3, 7], [0]], metadata)).toEqual([0, 7, saying("the row's 7 tokens")]);
    expect(await found([[0, 4], [0]], metadata)).toEqual([0, 3, 'a document ends with 101, expected [SEP]']);
    expect(await found([[0], [0, 4]], metadata)).toEqual([1, 3, saying('expected [SEP]')]);
    const report = await verifyMasking(datasetOf([maskBatch(tokenBatch(rows, place), rule)], metadata));
    expect(report.violation?.message).toContain('no column "document_starts"');
  });

  it('says what it needs when nothing is known of the masking', async () => {
    await expect(verifyMasking(datasetOf([]))).rejects.toThrow('its tokenizer is needed');
    const unmasked = { ...metadataOf(ruleOf()), masking: null };
    await expect(verifyMasking(datasetOf([], unmasked))).rejects.toThrow('the dataset is not masked');
  });
});

it('refuses an option that it does not know', async () => {
  const none = { metadata: undefined, rows: 0, async *[Symbol.asyncIterator]() {} };
  await expect(verifyMasking(none as never, undefined, { violation: 3 } as never)).rejects.toThrow(
    'unknown option violation; did you mean violations?',
  );
});
