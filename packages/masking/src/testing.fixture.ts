import type { DatasetDescription, ListColumn, MaskingSettings } from '@mlm/arrow';
import fc from 'fast-check';
import { type MaskingRule, maskingRule, masksWords } from './rule.js';

/** Special ids of bert-base-uncased. */
export const bert = {
  maskId: 103,
  padId: 0,
  protectedIds: [0, 100, 101, 102, 103],
  vocabularySize: 30522,
};

/** Settings of a rule and what it knows of its tokenizer, in one. */
export type RuleParts = MaskingSettings & typeof bert;

/** The default rule for bert-base-uncased, with changes. */
export function ruleOf(changes: Partial<RuleParts> = {}): MaskingRule {
  const { maskId, padId, protectedIds, vocabularySize, ...settings } = { ...bert, ...changes };
  return maskingRule(
    {
      specialIds: { mask: maskId, pad: padId },
      protectedIds,
      vocabularySize,
      // Every third id continues a word.
      wordStarts: Uint8Array.from({ length: vocabularySize }, (_, id) => (id % 3 > 0 ? 1 : 0)),
    },
    { probability: 0.15, replace: 'mask', labels: 'masked', seed: 42, ...settings },
  );
}

/** What a dataset masked by a rule says about itself. */
export function describeRule(rule: MaskingRule): DatasetDescription {
  return {
    format_version: 1,
    generator: 'test',
    tokenizer: {
      name: 'test',
      sha256: '',
      vocabulary_size: rule.vocabularySize,
      special_ids: { cls: 101, sep: 102, pad: rule.padId, unk: 100, mask: rule.maskId },
      protected_ids: [...rule.isProtected.keys()].filter((id) => rule.isProtected[id] === 1),
      files: {},
      ...(masksWords(rule.settings) && { word_starts: packBits(rule.classes) }),
    },
    sequence_length: 20,
    cut: { document: 'blank-line', line_by_line: false, overflow: 'wrap' },
    masking: rule.settings,
  };
}

/** The lowest bits of bytes, as metadata has them. */
function packBits(bytes: Uint8Array): string {
  const bits = new Uint8Array((bytes.length + 7) >>> 3);
  for (const [i, byte] of bytes.entries()) bits[i >>> 3]! |= (byte & 1) << (i & 7);
  return Buffer.from(bits).toString('base64');
}

export const start = { unit: 0, firstRow: 0, split: 'train' as const };

/** A column of rows, as arrays. */
export function columnOf(rows: readonly (readonly number[])[]): ListColumn<Int32Array> {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i]! + row.length;
  });
  return { values: Int32Array.from(rows.flat()), offsets };
}

/** A column's rows, as arrays. */
export function rowsOf({ values, offsets }: ListColumn): number[][] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => [
    ...values.subarray(offsets[i], offsets[i + 1]),
  ]);
}

/** `[CLS] ids [SEP]` rows without padding. */
export function plainRows(count: number, length: number): ListColumn<Int32Array> {
  return columnOf(
    Array.from({ length: count }, (_, row) => [
      101,
      ...Array.from({ length: length - 2 }, (_, i) => 1000 + ((row * 7919 + i * 104_729) % 29_000)),
      102,
    ]),
  );
}

const vocabularySizes = fc.integer({ min: 6, max: 40 });

/** Rules over a small vocabulary, so that special tokens and padding turn up everywhere in the rows. */
export const rules: fc.Arbitrary<MaskingRule> = vocabularySizes.chain((vocabularySize) => {
  const id = fc.integer({ min: 0, max: vocabularySize - 1 });
  return (
    fc
      .record({
        probability: fc.oneof(fc.constantFrom(0, 1, 0.15), fc.double({ min: 0, max: 1, noNaN: true })),
        replace: fc.constantFrom('mask' as const, 'bert' as const),
        labels: fc.constantFrom('masked' as const, 'all' as const),
        seed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        maskId: id,
        padId: id,
        protectedIds: fc.uniqueArray(id, { maxLength: 3 }),
        vocabularySize: fc.constant(vocabularySize),
      })
      // `bert` draws from the unprotected ids.
      .map(ruleOf)
  );
});

/** Rows of any length, empty ones too, some ending in padding. */
export function rowsFor(rule: MaskingRule): fc.Arbitrary<number[][]> {
  const id = fc.integer({ min: 0, max: rule.vocabularySize - 1 });
  const row = fc
    .tuple(fc.array(id, { maxLength: 70 }), fc.integer({ min: 0, max: 5 }))
    .map(([ids, padding]) => [...ids, ...new Array<number>(padding).fill(rule.padId)]);
  return fc.array(row, { maxLength: 6 });
}

/** A rule and rows that it fits. */
export const cases = rules.chain((rule) => fc.record({ rule: fc.constant(rule), rows: rowsFor(rule) }));

export const places = fc.record({
  unit: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  firstRow: fc.integer({ min: 0, max: 2 ** 30 }),
  split: fc.constantFrom('train' as const, 'validation' as const),
});

export const epochs = fc.integer({ min: 0, max: 2 ** 30 - 1 });

/**
 * How far a count of `trials` with this chance may lie from its mean: beyond it lie less than 1e-12 of all outcomes
 * (Bernstein's inequality), so that even thousands of checks give no false alarm.
 */
export function binomialBound(trials: number, chance: number): number {
  const logarithm = Math.log(2 / 1e-12);
  return logarithm / 3 + Math.sqrt(logarithm ** 2 / 9 + 2 * logarithm * trials * chance * (1 - chance));
}
