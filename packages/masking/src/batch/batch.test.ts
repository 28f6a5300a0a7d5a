import { pipeline } from 'node:stream/promises';
import {
  describeBatches,
  descriptionOf,
  listColumn,
  placeOf,
  recordBatch,
  tokenBatch,
  withPlace,
} from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import { type RecordBatch, Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskRows } from '../rows/mask-rows.js';
import { IGNORED_LABEL } from '../rows/originals.js';
import { cases, columnOf, describeRule, plainRows, rowsOf, ruleOf, start } from '../testing.fixture.js';
import { maskBatch, remask, unmask } from './mask-batch.js';
import { type createStage, maskStage } from './stage.js';
import { mask } from './transform.js';

const NAMES = ['input_ids', 'labels', 'attention_mask'] as const;

function rowsOfBatch(batch: RecordBatch) {
  return Object.fromEntries(NAMES.map((name) => [name, rowsOf(listColumn(batch, name))]));
}

describe('maskBatch', () => {
  it('masks the rows of a batch at the place that it states, and states it again', () => {
    const place = { unit: 3, firstRow: 17, split: 'validation' as const };
    const column = plainRows(9, 40);
    const masked = maskBatch(tokenBatch(column, { ...place, counts: { documents: 2 } }), ruleOf());
    const expected = maskRows(column, ruleOf(), place);
    const maskedTokens = expected.labels.values.filter((label) => label !== IGNORED_LABEL).length;
    const counts = { documents: 2, tokens: 9 * 40, selected: maskedTokens };
    expect(placeOf(masked)).toEqual({ ...place, counts });
    expect(rowsOfBatch(masked)).toEqual(
      Object.fromEntries(NAMES.map((name) => [name, rowsOf(expected[name])])),
    );
    expect(masked.schema.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'input_ids: List<Int32>',
      'labels: List<Int32>',
      'attention_mask: List<Int8>',
    ]);
  });

  it('carries on where documents begin, through masking, masking anew and back', () => {
    const column = plainRows(3, 12);
    const starts = columnOf([[0], [0, 4, 7], [0, 2]]);
    const batch = tokenBatch(column, start, starts).slice(1);
    const later = { ...start, firstRow: 1 };
    const expected = rowsOf(starts).slice(1);
    const startsOf = (batch: RecordBatch) => rowsOf(listColumn(batch, 'document_starts'));
    const masked = maskBatch(batch, ruleOf(), 0, later);
    for (const result of [masked, remask(masked, ruleOf(), 2, later), unmask(masked)])
      expect(startsOf(result)).toEqual(expected);
    const twice = maskBatch(batch, ruleOf({ dupe_factor: 2 }), 0, later);
    expect(startsOf(twice)).toEqual(expected.flatMap((row) => [row, row]));
  });

  it('masks slices and chunks as the rows of the whole', () => {
    fc.assert(
      fc.property(cases, fc.nat(6), ({ rule, rows }, cut) => {
        const whole = tokenBatch(columnOf(rows), start);
        const middle = Math.min(cut, rows.length);
        const slices = [whole.slice(0, middle), whole.slice(middle)];
        const masked = slices.map((slice, i) =>
          maskBatch(slice, rule, 0, { ...start, firstRow: i === 0 ? 0 : middle }),
        );
        const table = new Table(masked.filter((batch) => batch.numRows > 0));
        const read = rows.length === 0 ? [] : tableFromIPC(tableToIPC(table, 'stream')).batches;
        for (const name of NAMES) {
          const expected = rowsOf(listColumn(maskBatch(whole, rule), name));
          expect(masked.flatMap((batch) => rowsOf(listColumn(batch, name)))).toEqual(expected);
          expect(read.flatMap((batch) => rowsOf(listColumn(batch, name)))).toEqual(expected);
        }
      }),
    );
  });

  it('refuses a batch that does not say where its rows stand', () => {
    expect(() => maskBatch(tokenBatch(plainRows(1, 8)), ruleOf())).toThrow(InputError);
  });
});

describe('unmask and remask', () => {
  it('restore the originals, and mask them anew; epoch 0 gives the same again', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 0, max: 5 }), ({ rule, rows }, epoch) => {
        const batch = tokenBatch(columnOf(rows), start);
        const masked = maskBatch(batch, rule);
        expect(rowsOf(listColumn(unmask(masked), 'input_ids'))).toEqual(rows);
        expect(rowsOfBatch(remask(masked, rule, 0))).toEqual(rowsOfBatch(masked));
        expect(rowsOfBatch(remask(masked, rule, epoch))).toEqual(rowsOfBatch(maskBatch(batch, rule, epoch)));
      }),
    );
  });
});

describe('mask', () => {
  const whole = tokenBatch(plainRows(10, 30));

  async function maskAll(batches: RecordBatch[], epoch = 0): Promise<RecordBatch[]> {
    const masked: RecordBatch[] = [];
    await pipeline(batches, mask(ruleOf(), { epoch }), async (results: AsyncIterable<RecordBatch>) => {
      for await (const result of results) masked.push(result);
    });
    return masked;
  }

  it('counts the rows of batches that state no place', async () => {
    const parts = await maskAll([whole.slice(0, 3), whole.slice(3, 4), whole.slice(4)]);
    const expected = rowsOfBatch(maskBatch(whole, ruleOf(), 0, start));
    for (const name of NAMES) {
      expect(parts.flatMap((part) => rowsOf(listColumn(part, name)))).toEqual(expected[name]);
    }
  });

  it('uses stated places, in any order, and the epoch', async () => {
    const place = { unit: 2, firstRow: 5, split: 'train' as const };
    const other = { unit: 1, firstRow: 0, split: 'train' as const };
    const [first, second] = await maskAll([withPlace(whole, place), withPlace(whole, other)], 4);
    expect(rowsOfBatch(first!)).toEqual(rowsOfBatch(maskBatch(whole, ruleOf(), 4, place)));
    expect(rowsOfBatch(second!)).toEqual(rowsOfBatch(maskBatch(whole, ruleOf(), 4, other)));
  });

  it('hands the description of the dataset on, with the rule in it', async () => {
    const description = { ...describeRule(ruleOf()), masking: null };
    const masked = await maskAll([whole, whole].map(describeBatches(description)));
    for (const batch of masked) {
      const rule = { probability: 0.15, replace: 'mask', labels: 'masked', seed: 42 };
      expect(descriptionOf(batch)).toEqual({ ...description, masking: rule });
    }
    const again = remask(masked[0]!, ruleOf({ seed: 7 }), 0);
    expect(descriptionOf(again)?.masking?.seed).toBe(7);
  });

  it('ends with an InputError on a batch without input_ids', async () => {
    const masked = maskBatch(withPlace(whole, start), ruleOf()).select(['labels']);
    await expect(maskAll([masked])).rejects.toThrow(InputError);
  });
});

describe('maskStage', () => {
  it('names a module whose createStage masks like maskBatch, from options that survive cloning', async () => {
    const stage = maskStage(ruleOf({ replace: 'bert' }));
    expect(stage.description).toEqual({
      masking: { probability: 0.15, replace: 'bert', labels: 'masked', seed: 42 },
    });
    const loaded = (await import(stage.module)) as { createStage: typeof createStage };
    const options = structuredClone(stage.options) as ReturnType<typeof ruleOf>;
    const place = { ...start, counts: { documents: 2 } };
    const expected = maskBatch(tokenBatch(plainRows(5, 30), place), ruleOf({ replace: 'bert' }));
    const masked = recordBatch(
      loaded.createStage(options)({ columns: { input_ids: plainRows(5, 30) }, place }),
    );
    expect(rowsOfBatch(masked)).toEqual(rowsOfBatch(expected));
    // Of each row's 30 tokens, [CLS] and [SEP] cannot be masked.
    const { counts, ...rest } = placeOf(expected)!;
    expect(placeOf(masked)).toEqual({ ...rest, counts: { ...counts, maskable: 5 * 28 } });
  });
});
