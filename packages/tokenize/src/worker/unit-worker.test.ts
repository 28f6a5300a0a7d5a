import { setImmediate } from 'node:timers/promises';
import type { ColumnBatch } from '@mlm/arrow/columns';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { texts } from '../source/texts.js';
import type { Unit } from '../source/unit.js';
import { loadTokenizer } from '../tokenizer/load.js';
import { type UnitWork, UnitWorker } from './unit-worker.js';

const tokenizer = await loadTokenizer();
const work: UnitWork = {
  specialIds: tokenizer.specialIds,
  sequenceLength: 16,
  pack: 'stream',
  lineByLine: false,
  overflow: 'wrap',
  evalFraction: 0.3,
  evalBy: 'document',
  splitBy: 'place',
  seed: 7,
  textField: 'text',
  skipsBadRecords: false,
  stages: [],
};

async function unitOf(documents: readonly string[], number: number): Promise<Unit> {
  if (documents.length === 0) return { number, parts: [], inputBytes: 0 };
  for await (const unit of texts(documents)) return { ...(unit as Unit), number };
  throw new Error('documents without a unit');
}

const valuesOf = (batches: readonly ColumnBatch[]) =>
  batches.map(({ columns }) => Object.values(columns).map(({ values }) => [...values]));

/** Documents of some words each; none of them in some units. */
const unitDocuments = fc
  .array(fc.integer({ min: 1, max: 400 }), { maxLength: 4 })
  .map((words) => words.map((count) => 'the ferry left at dawn '.repeat(count)));

for (const settings of [{}, { pack: 'documents' as const }, { lineByLine: true }, { evalBy: 'row' as const }])
  test(`rows stay as they are while those of the next unit are made: ${JSON.stringify(settings)}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(unitDocuments, { minLength: 2, maxLength: 6 }), async (unitsOfDocuments) => {
        const given = { ...work, ...settings };
        const worker = await UnitWorker.create(given, () => tokenizer.encoder(), 2);
        const alone = await UnitWorker.create(given, () => tokenizer.encoder());
        let last: { batches: readonly ColumnBatch[]; values: unknown } | undefined;
        for (const [number, documents] of unitsOfDocuments.entries()) {
          const { batches } = await worker.run(await unitOf(documents, number));
          if (last) expect(valuesOf(last.batches)).toEqual(last.values);
          const values = valuesOf((await alone.run(await unitOf(documents, number))).batches);
          expect(valuesOf(batches)).toEqual(values);
          // A unit without rows leaves the rows of the one before as those that are held.
          if (batches.some(({ columns }) => columns.input_ids!.offsets.length > 1))
            last = { batches, values };
        }
      }),
      { numRuns: 15 },
    );
  });

test.each([
  ['without parts', []],
  ['of spaces', ['  ']],
  ['of words', ['some words']],
])(
  'a unit %s makes no rows and runs no stage before the oldest rows have left their memory',
  async (_, documents) => {
    const worker = await UnitWorker.create(work, () => tokenizer.encoder());
    let leave = () => {};
    const left = new Promise<void>((resolve) => (leave = resolve));
    let isDone = false;
    const run = worker.run(await unitOf(documents, 1), () => left).then(() => (isDone = true));
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(isDone).toBe(false);
    leave();
    await run;
  },
);

test('units use one memory for their rows, and another where some of these are held out', async () => {
  const worker = await UnitWorker.create({ ...work, evalBy: 'row' }, () => tokenizer.encoder());
  const run = async (document: string) => {
    const { batches } = await worker.run(await unitOf([document], 0));
    return batches.map(({ columns, memory, place }) => {
      expect(columns.input_ids!.values.buffer).toBe(memory!.wasm.buffer);
      return { rows: [...columns.input_ids!.values], memory, split: place.split };
    });
  };
  const long = 'a word and another '.repeat(200);
  const first = await run(long);
  const short = await run('some rows of another unit '.repeat(20));
  expect(await run(long)).toEqual(first);
  expect(first.map(({ split }) => split)).toEqual(['train', 'validation']);
  expect(new Set(first.map(({ memory }) => memory)).size).toBe(2);
  for (const [i, { memory }] of short.entries()) expect(memory).toBe(first[i]!.memory);
});
