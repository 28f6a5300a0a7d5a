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
