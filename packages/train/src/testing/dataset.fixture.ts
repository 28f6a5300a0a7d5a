import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  arrowFile,
  type DatasetDescription,
  describeBatches,
  maskedBatch,
  type TokenizerMetadata,
  tokenBatch,
} from '@mlm/arrow';
import { formatVersion, type MaskingSettings, maskingDefaults, maskingRule, maskRows } from '@mlm/masking';
import { Random } from '../random/random.js';

export const CLS = 2;
export const SEP = 3;
export const MASK = 4;

export interface DatasetShape {
  /** Rows of each unit; a record batch each. */
  rowsPerUnit: number[];
  sequenceLength: number;
  /** Rows of differing length, as line by line gives them. */
  ragged?: boolean;
  /** Rows of a validation unit. */
  validationRows?: number;
  vocabularySize?: number;
  /** Leaves the labels out. */
  unmasked?: boolean;
  replace?: 'mask' | 'bert';
  /** Of the masks. */
  masking?: Partial<MaskingSettings>;
  /** Of the rows; of the masks it is always the same. */
  seed?: number;
  /** Where documents begin in every row, by the column of that name and the metadata. */
  documentStarts?: readonly number[];
}

export function tokenizerOf(vocabulary_size: number): TokenizerMetadata & { files: { 'vocab.txt': string } } {
  const vocabulary = Array.from({ length: vocabulary_size }, (_, id) => `token${id}\n`).join('');
  const starts = Buffer.alloc((vocabulary_size + 7) >>> 3);
  // Every third id continues a word.
  for (let id = 0; id < vocabulary_size; id++) if (id % 3 > 0) starts[id >>> 3]! |= 1 << (id & 7);
  return {
    name: 'test',
    sha256: createHash('sha256').update(vocabulary).digest('hex'),
    vocabulary_size,
    special_ids: { cls: CLS, sep: SEP, pad: 0, unk: 1, mask: MASK },
    protected_ids: [0, 1, 2, 3, 4],
    files: { 'vocab.txt': vocabulary },
    word_starts: starts.toString('base64'),
  };
}

/** Writes an Arrow file of counting sequences from one of two starts, which a model learns quickly. */
export async function writeDataset(path: string, shape: DatasetShape): Promise<void> {
  const { rowsPerUnit, sequenceLength, ragged = false, validationRows = 0, vocabularySize = 37 } = shape;
  const { documentStarts } = shape;
  const tokenizer = tokenizerOf(vocabularySize);
  const rule = maskingRule(tokenizer, {
    ...maskingDefaults,
    replace: shape.replace ?? 'mask',
    ...shape.masking,
  });
  const random = new Random(shape.seed ?? 1);
  const description: DatasetDescription = {
    format_version: documentStarts ? 2 : formatVersion(rule.settings),
    generator: 'test',
    tokenizer,
    sequence_length: sequenceLength,
    cut: {
      document: 'line',
      line_by_line: ragged,
      overflow: 'wrap',
      ...(documentStarts && { pack: 'documents' }),
    },
    masking: shape.unmasked ? null : rule.settings,
  };
  const describe = describeBatches(description);
  const batches = rowsPerUnit.map((rows, unit) => ({ rows, unit, split: 'train' as const }));
  const validation = { rows: validationRows, unit: rowsPerUnit.length, split: 'validation' as const };
  const all = validationRows > 0 ? [...batches, validation] : batches;
  const column = (rows: number) => {
    const lists = Array.from({ length: rows }, () => {
      const length = ragged ? 4 + random.below(sequenceLength - 3) : sequenceLength;
      const start = 5 * random.below(2);
      return Array.from({ length }, (_, i) => {
        if (i === 0) return CLS;
        return i === length - 1 ? SEP : 5 + ((start + i) % (vocabularySize - 5));
      });
    });
    const offsets = new Int32Array(rows + 1);
    for (const [row, list] of lists.entries()) offsets[row + 1] = offsets[row]! + list.length;
    return { values: Int32Array.from(lists.flat()), offsets };
  };
  await pipeline(
    Readable.from(
      all.map(({ rows, unit, split }) => {
        const place = { unit, firstRow: 0, split };
        const ids = column(rows);
        const starts = documentStarts && {
          values: Int32Array.from(
            { length: rows * documentStarts.length },
            (_, i) => documentStarts[i % documentStarts.length]!,
          ),
          offsets: Int32Array.from({ length: rows + 1 }, (_, row) => row * documentStarts.length),
        };
        if (shape.unmasked) return describe(tokenBatch(ids, place, starts));
        const masked = maskRows(ids, rule, place);
        return describe(maskedBatch({ ...masked, ...(starts && { document_starts: starts }) }, place));
      }),
    ),
    arrowFile(path),
  );
}

/** A folder for the files of one test; `remove` deletes it. */
export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'mlm-train-'));
  return {
    path,
    file: (name: string) => join(path, name),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
