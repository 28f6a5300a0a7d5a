import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maskedBatch, openDataset } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import { Field, Int64, List, makeData, RecordBatch, Schema, Struct, Table, tableToIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskRows } from '../rows/mask-rows.js';
import { columnOf, plainRows, ruleOf } from '../testing.fixture.js';
import { checkShare, verifyDataset } from './verify-dataset.js';
import { MaskingCheck, reportOf } from './verify-masking.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-verify-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A folder as `datasets` saves one, a file a batch. */
async function save(name: string, batches: RecordBatch[]): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  const files = batches.map((_, i) => `data-${i}.arrow`);
  for (const [i, batch] of batches.entries())
    await writeFile(join(path, files[i]!), tableToIPC(new Table([batch]), 'stream'));
  const state = { _data_files: files.map((filename) => ({ filename })) };
  await writeFile(join(path, 'state.json'), JSON.stringify(state));
  return path;
}

const maskedOf = (rows: ReturnType<typeof columnOf>, firstRow = 0) =>
  maskedBatch(maskRows(rows, ruleOf(), { unit: 0, firstRow, split: 'train' }));

/** Five batches of a hundred rows. */
const sound = () => Array.from({ length: 5 }, (_, i) => maskedOf(plainRows(100, 20), 100 * i));

/** The batch with labels of 64 bits, one of which is given. */
function wideLabels(batch: RecordBatch, at: number, label: bigint): RecordBatch {
  const { offsets, values } = columnOf([[...batch.getChild('labels')!].flatMap((row) => [...row])]);
  const wide = BigInt64Array.from(values, BigInt);
  wide[at] = label;
  const list = (name: string, type: List) => new Field(name, type);
  const fields = [
    list('input_ids', batch.schema.fields[0]!.type as List),
    list('labels', new List(new Field('item', new Int64(), true))),
  ];
  const data = makeData({
    type: fields[1]!.type as List,
    length: batch.numRows,
    valueOffsets: batch.data.children[1]!.valueOffsets as Int32Array,
    child: makeData({ type: new Int64(), data: wide, length: offsets.at(-1)! }),
  });
  const children = [batch.data.children[0]!, data];
  const struct = makeData({ type: new Struct(fields), length: batch.numRows, children });
  return new RecordBatch(new Schema(fields), struct);
}

describe('verifyDataset', () => {
  it('finds the same by any number of threads, in both parts of a dataset', async () => {
    const train = await save('both/train', sound());
    const broken = sound();
    (broken[3]!.getChild('attention_mask')!.data[0]!.children[0]!.values as Int8Array)[45] = 0;
    await save('both/validation', broken);
    await writeFile(join(folder, 'both/dataset_dict.json'), '{"splits": ["train", "validation"]}');
    const dataset = await openDataset(join(folder, 'both'));
    try {
      for (const threads of [0, 1, 2, 7]) {
        const main = await verifyDataset(dataset, 'main', ruleOf(), { threads });
        expect(main).toMatchObject({ rows: 500, tokens: 10_000, maskable: 9000, isSound: true });
        const validation = await verifyDataset(dataset, 'validation', ruleOf(), { threads });
        expect(validation).toMatchObject({ rows: 500, isSound: false });
        expect(validation.violations).toEqual([
          expect.objectContaining({
            row: 302,
            position: 5,
            message: 'attention_mask is 0 on a real token, expected 1',
          }),
        ]);
      }
      expect(dataset.path).toBe(train);
    } finally {
      await dataset.close();
    }
  });

  it('names file and rows of what cannot be a masked row, by threads too', async () => {
    const batches = sound().map((batch, i) => wideLabels(batch, 45, i === 3 ? 2n ** 40n : -100n));
    const path = await save('wide', batches);
    const dataset = await openDataset(path);
    try {
      for (const threads of [0, 2]) {
        const check = verifyDataset(dataset, 'main', ruleOf(), { threads });
        await expect(check).rejects.toBeInstanceOf(InputError);
        await expect(check).rejects.toThrow(
          `${path}, rows 300 to 399: column "labels" contains 1099511627776, expected integers of 32 bits`,
        );
      }
    } finally {
      await dataset.close();
    }
  });

  it('says that a dataset has no labels', async () => {
    const [batch] = sound();
    const dataset = await openDataset(await save('plain', [batch!.select(['input_ids'])]));
    try {
      await expect(verifyDataset(dataset, 'main', ruleOf())).rejects.toThrow(
        'the dataset is not masked: it has no column "labels"',
      );
    } finally {
      await dataset.close();
    }
  });

  it.each([
    [
      'nothing but special tokens',
      [
        [101, 102],
        [101, 102, 0],
      ],
    ],
    ['rows without tokens', [[], []]],
    ['one token', [[101]]],
    ['no rows', []],
  ])('finds no fault with %s', async (name, rows) => {
    const dataset = await openDataset(await save(name, [maskedOf(columnOf(rows))]));
    try {
      const report = await verifyDataset(dataset, 'main', ruleOf());
      expect(report).toMatchObject({ rows: rows.length, maskable: 0, isSound: true, violations: [], p: 1 });
      for (const { p, figures, finding } of report.tests)
        expect([p, figures, finding]).toEqual([1, 0, 'nothing that can be masked']);
    } finally {
      await dataset.close();
    }
  });

  it('counts rows as they are done, and stops when it is told to', async () => {
    const dataset = await openDataset(await save('counted', sound()));
    try {
      for (const threads of [0, 2]) {
        let rows = 0;
        const onRows = (more: number) => {
          rows += more;
        };
        await verifyDataset(dataset, 'main', ruleOf(), { threads, onRows });
        expect(rows).toBe(500);
        const stop = new AbortController();
        stop.abort(new Error('enough'));
        const stopped = verifyDataset(dataset, 'main', ruleOf(), { threads, signal: stop.signal });
        await expect(stopped).rejects.toThrow('enough');
      }
    } finally {
      await dataset.close();
    }
  });

  it('refuses an option that it does not know, and names the one that is meant', async () => {
    const dataset = await openDataset(await save('options', sound().slice(0, 1)));
    try {
      const given = [
        [{ thread: 2 }, 'unknown option thread; did you mean threads?'],
        [{ violation: 3 }, 'unknown option violation; did you mean violations?'],
      ] as const;
      for (const [options, message] of given) {
        const check = verifyDataset(dataset, 'main', ruleOf(), options as never);
        await expect(check).rejects.toBeInstanceOf(InputError);
        await expect(check).rejects.toThrow(message);
      }
      const known = {
        threads: 0,
        violations: 1,
        nameOf: String,
        onRows: () => {},
        signal: AbortSignal.timeout(60_000),
      };
      expect(await verifyDataset(dataset, 'main', ruleOf(), known)).toMatchObject({ rows: 100 });
    } finally {
      await dataset.close();
    }
  });

  it('checks many batches, each read into the memory of the one before', async () => {
    const batches = Array.from({ length: 4 }, (_, i) => maskedOf(plainRows(2000 - 100 * i, 60), 2000 * i));
    const labels = batches[2]!.getChild('labels')!.data[0]!.children[0]!.values as Int32Array;
    labels[1] = 101;
    const dataset = await openDataset(await save('many', batches));
    try {
      for (const threads of [0, 2]) {
        const report = await verifyDataset(dataset, 'main', ruleOf(), { threads });
        expect(report).toMatchObject({ rows: 7400, tokens: 444_000, isSound: false });
        expect(report.violations).toEqual([
          expect.objectContaining({
            row: 3900,
            position: 1,
            found: expect.objectContaining({ input_ids: expect.objectContaining({ length: 60 }) }),
          }),
        ]);
      }
    } finally {
      await dataset.close();
    }
  });

  it('divides its batches among threads, each of which checks its share alone', async () => {
    const batches = Array.from({ length: 5 }, (_, i) => maskedOf(plainRows(60 + i, 20), 100 * i));
    for (const [batch, at] of [
      [1, 45],
      [4, 21],
    ] as const)
      (batches[batch]!.getChild('attention_mask')!.data[0]!.children[0]!.values as Int8Array)[at] = 0;
    const path = await save('shares', batches);
    const dataset = await openDataset(path);
    try {
      const whole = await verifyDataset(dataset, 'main', ruleOf(), { threads: 0 });
      expect(whole).toMatchObject({ rows: 310, tokens: 6200 });
      expect(whole.violations.map(({ row, position }) => [row, position])).toEqual([
        [62, 5],
        [247, 1],
      ]);
      for (const threads of [1, 2, 3, 7]) {
        const check = new MaskingCheck(undefined, ruleOf());
        let rows = 0;
        for (let first = 0; first < threads; first++) {
          const work = { path, laws: ruleOf(), first, threads, violations: undefined, mayMask: undefined };
          const share = await checkShare(work, (more) => {
            rows += more;
          });
          const own = [0, 1, 2, 3, 4].filter((batch) => batch % threads === first);
          expect(share.tally.rows).toBe(own.reduce((sum, batch) => sum + 60 + batch, 0));
          check.join(share);
        }
        expect(rows).toBe(310);
        expect(reportOf(check, undefined, 310)).toEqual(whole);
      }
    } finally {
      await dataset.close();
    }
  });

  it('gives its threads all that decides what they find', async () => {
    const batches = sound();
    for (const batch of batches.slice(1)) {
      const [ids, labels] = ['input_ids', 'labels'].map(
        (name) => batch.getChild(name)!.data[0]!.children[0]!.values as Int32Array,
      );
      labels!.fill(-100);
      [ids![25], labels![25]] = [103, 100];
      [ids![45], labels![45]] = [103, 101];
    }
    const dataset = await openDataset(await save('decides', batches));
    try {
      for (const [options, rows] of [
        [{}, [101, 102, 201, 202, 301]],
        [{ violations: 2 }, [101, 102]],
        [{ mayMask: [100] }, [102, 202, 302, 402]],
      ] as const) {
        for (const threads of [0, 2]) {
          const report = await verifyDataset(dataset, 'main', ruleOf(), { ...options, threads });
          expect(report.violations.map(({ row }) => row)).toEqual(rows);
        }
      }
    } finally {
      await dataset.close();
    }
  });

  it('names what a thread cannot read', async () => {
    const path = await save('gone', sound());
    const dataset = await openDataset(path);
    try {
      await rm(join(path, 'state.json'));
      const check = verifyDataset(dataset, 'main', ruleOf(), { threads: 2 });
      await expect(check).rejects.toBeInstanceOf(InputError);
      await expect(check).rejects.toThrow(path);
    } finally {
      await dataset.close();
    }
  });
});
