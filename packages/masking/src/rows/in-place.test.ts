import { ColumnMemory, type ListColumn, type MaskingSettings } from '@mlm/arrow/columns';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStage } from '../batch/stage.js';
import { bert, columnOf, rowsOf, ruleOf } from '../testing.fixture.js';
import { CHUNK_TOKENS } from './chunk.js';
import { maskRowsInPlace } from './mask-rows.js';
import { repeatRows } from './originals.js';

const settings: fc.Arbitrary<Partial<MaskingSettings>> = fc.record({
  probability: fc.constantFrom(0, 0.15, 0.6, 1),
  select: fc.constantFrom('token', 'whole-word', 'ngram', 'span'),
  replace: fc.constantFrom<MaskingSettings['replace']>('mask', 'bert', [0.5, 0.2, 0.3]),
  labels: fc.constantFrom('masked' as const, 'all' as const),
  seed: fc.nat(),
});

const counted: fc.Arbitrary<Partial<MaskingSettings>> = fc.constantFrom(
  {},
  { exact_count: true },
  { min_masks: 3 },
  { max_masks: 4 },
);

/** Vocabularies of several sizes: the classes of ids stand behind the columns. */
const rules = fc
  .tuple(settings, counted, fc.constantFrom(1, 3), fc.constantFrom(bert.vocabularySize, 40_001))
  .map(([drawn, more, dupe_factor, vocabularySize]) =>
    ruleOf({ ...drawn, ...more, dupe_factor, vocabularySize }),
  );

/** Lengths of rows that fill part of a chunk, one exactly, or several, with empty rows and rows longer than a chunk. */
const lengths = fc.oneof<fc.Arbitrary<readonly number[]>[]>(
  fc.array(fc.nat(200), { maxLength: 20 }),
  fc.constantFrom(255, 256, 257).map((rows) => new Array<number>(rows).fill(CHUNK_TOKENS / 256)),
  fc.constant([3, CHUNK_TOKENS + 5, 0, 0, 40, CHUNK_TOKENS - 40, 1]),
);

/** Rows with protected ids in them and padding at their ends. */
function columnOfLengths(lengths: readonly number[], salt: number): ListColumn<Int32Array> {
  const offsets = Int32Array.of(0, ...lengths);
  for (let row = 0; row < lengths.length; row++) offsets[row + 1]! += offsets[row]!;
  const values = Int32Array.from({ length: offsets.at(-1)! }, (_, i) => {
    const mixed = (salt + i * 104_729) % 29_000;
    return mixed % 11 === 0 ? 102 : 1000 + mixed;
  });
  for (const [row, length] of lengths.entries())
    values.fill(bert.padId, offsets[row + 1]! - Math.min(length, row % 4), offsets[row + 1]!);
  return { values, offsets };
}

/** Typed arrays of a chunk's size take too long to compare value by value. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Int8Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

const units = fc.array(
  fc.record({
    rule: rules,
    lengths,
    salt: fc.nat(28_999),
    split: fc.constantFrom('train' as const, 'validation' as const),
  }),
  { minLength: 1, maxLength: 4 },
);

test('batches that are masked where they lie are those of arrays of their own, whatever lay there before', () => {
  fc.assert(
    fc.property(units, (list) => {
      const memory = new ColumnMemory();
      for (const [unit, { rule, lengths, salt, split }] of list.entries()) {
        const { values, offsets } = columnOfLengths(lengths, salt);
        const times = rule.settings.dupe_factor ?? 1;
        const place = { unit, firstRow: 2 * unit, split, counts: { documents: 5 } };
        const ids = memory.begin(values.length);
        // What lay there does not show, whatever it was.
        const lay = new Uint8Array(memory.wasm.buffer, ids.byteOffset);
        lay.fill(salt);
        ids.set(values);
        const starts = columnOf(lengths.map(() => [0]));
        const made = createStage(rule)({
          columns: { input_ids: { values: ids, offsets }, document_starts: starts },
          place,
          memory,
        });
        const repeated = repeatRows({ values, offsets }, times);
        const firstRow = 2 * unit * times;
        const { masked, tokens, maskable, ...columns } = maskRowsInPlace(
          { values: repeated.values.slice(), offsets: repeated.offsets },
          rule,
          { ...place, firstRow },
          0,
          true,
        );
        const counts = { documents: 5, tokens, maskable, selected: masked };
        expect(made.place).toEqual({ ...place, firstRow, counts });
        expect(Object.keys(made.columns)).toEqual([...Object.keys(columns), 'document_starts']);
        for (const [name, column] of Object.entries(columns)) {
          const found = made.columns[name]!;
          expect(found.values.buffer).toBe(memory.wasm.buffer);
          expect(bytesOf(found.values).equals(bytesOf(column.values))).toBe(true);
          expect(bytesOf(found.offsets).equals(bytesOf(column.offsets))).toBe(true);
        }
        expect(rowsOf(made.columns.document_starts!)).toHaveLength(lengths.length * times);
      }
    }),
    { numRuns: 30 },
  );
});

test('an id outside the vocabulary is refused by its own name where rows lie in place', () => {
  const memory = new ColumnMemory();
  const { values, offsets } = columnOf([[101, 2000, 102], [40_000]]);
  memory.begin(4).set(values);
  const stage = createStage(ruleOf({ probability: 1 }));
  const input_ids = { values: memory.resize(4), offsets };
  const place = { unit: 0, firstRow: 0, split: 'train' as const };
  expect(() => stage({ columns: { input_ids }, place, memory })).toThrow(
    'input_ids holds 40000: expected an id of the vocabulary, 0 to 30521',
  );
});
