import { InputError } from '@mlm/base/errors';
import { parseJson, shown } from '@mlm/base/json';

/** Key of the dataset's description in an Arrow schema's metadata; the value is JSON. */
export const METADATA_KEY = 'mlm';

/** Key of the rows' place in a record batch's own metadata; the value is JSON. */
export const PLACE_KEY = 'mlm.place';

/** The split that a row belongs to: training or validation. */
export type Split = 'train' | 'validation';

/** Ids of the special tokens in metadata. */
export interface SpecialIdsMetadata {
  /** [CLS], the first token of a row. */
  cls: number;
  /** [SEP], the last token of a row, and the separator of documents in it. */
  sep: number;
  /** [PAD], which fills up a row. */
  pad: number;
  /** [UNK], for what the vocabulary cannot spell. */
  unk: number;
  /** [MASK]. */
  mask: number;
}

/** The tokenizer that made the ids. `files` contains its files as text, so that a dataset needs nothing else. */
export interface TokenizerMetadata {
  /** The name of the bundled tokenizer, of the folder or file, or `owner/name` on a hub. */
  name: string;
  /** SHA-256 of the vocabulary, one token per line in the order of ids, in hexadecimal. */
  sha256: string;
  /** The highest id + 1, added tokens included. */
  vocabulary_size: number;
  /** Ids of BERT's five special tokens. */
  special_ids: SpecialIdsMetadata;
  /** Ids that are never masked and never random replacements. */
  protected_ids: number[];
  /** The commit of a tokenizer from a hub. */
  revision?: string;
  /** Content by file name. */
  files: Record<string, string>;
  /** Which ids begin a word: bit `id & 7` of byte `id >> 3`, in base64. Only from format version 2 on. */
  word_starts?: string;
}

/** How the text was cut into rows. */
export interface CutMetadata {
  /** Where a document ends. */
  document: 'blank-line' | 'line' | 'file';
  /** Whether each line is a row, unpadded; otherwise rows are packed. */
  line_by_line: boolean;
  /** Whether the rest of a line beyond the sequence length continues in the next row or is cut off. */
  overflow: 'wrap' | 'truncate';
  /**
   * `documents`: rows hold whole documents, or pieces of those longer than a row, each with its own special tokens, and
   * the column `document_starts` says where they begin. Absent: running text. Only from format version 2 on.
   */
  pack?: 'documents' | undefined;
  /** `exact`: repeated documents were left out. Absent: all were kept. */
  dedup?: 'exact' | undefined;
}

/** How rows were masked; `null` in {@link DatasetMetadata} if they were not. Only `@mlm/masking` interprets it. */
export interface MaskingSettings {
  /** Share of the tokens that are masked, 0 to 1. Protected tokens never are. */
  probability: number;
  /**
   * `mask`: every masked token becomes [MASK]; `bert`: 80 % do, 10 % become a random token, 10 % are kept; or custom
   * shares.
   */
  replace: string | readonly [mask: number, random: number, keep: number];
  /** Which positions have a label: masked ones, or all but padding. */
  labels: 'masked' | 'all';
  /** Seed of the draws, which also depend on the rows' places. */
  seed: number;
  /** What is masked as a whole: `token`, `whole-word`, `ngram` or `span`. Default: `token`. */
  select?: string | undefined;
  /** Masks round(probability · tokens) of each row, at least one, as in BERT's own data. Default: false. */
  exact_count?: boolean | undefined;
  /** Minimum and maximum number of masked tokens per row. Default: no limit. */
  min_masks?: number | undefined;
  max_masks?: number | undefined;
  /** Ids of further tokens that are never masked and never random replacements, ascending. Default: none. */
  protect?: readonly number[] | undefined;
  /** How often each row is written, each time with new draws. Default: 1. */
  dupe_factor?: number | undefined;
  /** Number of this stream of the seed; streams have different draws. Default: 0. */
  stream_number?: number | undefined;
  /** Probability at the end of training; only for training, never stored. Default: `probability`. */
  final_probability?: number | undefined;
}

/** One of several parts for `mergeDatasets`. */
export interface PartMetadata {
  /** From 0, below `world_size`. */
  rank: number;
  /** Number of parts. */
  world_size: number;
}

/** Sums over a dataset: rows, tokens (including special tokens, without padding), and the counts of earlier steps. */
export interface DatasetCounts {
  /** Rows of both splits. */
  rows: number;
  /** Their tokens, without padding. */
  tokens: number;
  [name: string]: number;
}

/** A dataset's description of itself, in its schema metadata under the key `mlm`. */
export interface DatasetMetadata {
  /** Version of this metadata; readers refuse a later one. */
  format_version: 1 | 2;
  /** Program and version that wrote it. */
  generator: string;
  /** The tokenizer, its files included. */
  tokenizer: TokenizerMetadata;
  /** Maximum number of tokens per row, including special tokens. */
  sequence_length: number;
  /** How the text was cut into rows. */
  cut: CutMetadata;
  /** The masking rule applied; `null` if the rows are not masked. */
  masking: MaskingSettings | null;
  /** The split of these rows. */
  split: Split;
  /** Number of rows by unit number. Empty in the leading schema of a file and in streams, where it is not yet known. */
  rows_per_unit: number[];
  /** Only where the whole dataset is known: in the footer of a file and the manifest of a folder. */
  counts?: DatasetCounts;
  /** Only in a part of a dataset that several processes write. */
  part?: PartMetadata;
}

/** The metadata known before any row is written, without what the sink adds. */
export type DatasetDescription = Omit<DatasetMetadata, 'split' | 'rows_per_unit' | 'counts'>;

let lastText = '';
let lastMetadata: DatasetMetadata | undefined;

/**
 * Reads the value of the schema metadata key `mlm`.
 * @param text the JSON
 * @param name the dataset's name in messages. Default: `dataset`
 * @throws InputError if it is not JSON, has another shape or a later format version
 *
 * @example
 * ```ts
 * import { METADATA_KEY, openDataset, parseMetadata } from '@mlm/arrow';
 *
 * const { schema } = await openDataset('out.arrow');
 * const { tokenizer, masking } = parseMetadata(schema.metadata.get(METADATA_KEY)!, 'out.arrow');
 * ```
 */
export function parseMetadata(text: string, name = 'dataset'): DatasetMetadata {
  // Every batch of a stream carries the same text, which is parsed once.
  if (text === lastText && lastMetadata) return lastMetadata;
  let json: unknown;
  try {
    json = parseJson(text);
  } catch {
    throw new InputError(
      `${name}: the schema metadata "${METADATA_KEY}" is not JSON; was it written by mlm?`,
    );
  }
  const problem = metadataProblem(json);
  if (problem !== undefined)
    throw new InputError(`${name}: the schema metadata "${METADATA_KEY}": ${problem}`);
  lastText = text;
  lastMetadata = json as DatasetMetadata;
  return lastMetadata;
}

/**
 * Why a value is not metadata of a known version; `undefined` if it is. Masking settings are left to the masking
 * package.
 */
export function metadataProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return 'expected an object; was it written by mlm?';
  if (value.format_version !== 1 && value.format_version !== 2)
    return `format version ${shown(value.format_version)} is unknown (expected 1 or 2); use a newer mlm`;
  const { tokenizer, cut, counts, part } = value;
  const specialIds = isRecord(tokenizer) && tokenizer.special_ids;
  const checks: Record<string, boolean> = {
    generator: typeof value.generator === 'string',
    tokenizer:
      isRecord(tokenizer) &&
      typeof tokenizer.name === 'string' &&
      typeof tokenizer.sha256 === 'string' &&
      isCount(tokenizer.vocabulary_size),
    'tokenizer.special_ids':
      isRecord(specialIds) && ['cls', 'sep', 'pad', 'unk', 'mask'].every((name) => isCount(specialIds[name])),
    'tokenizer.protected_ids':
      isRecord(tokenizer) && Array.isArray(tokenizer.protected_ids) && tokenizer.protected_ids.every(isCount),
    'tokenizer.files':
      isRecord(tokenizer) &&
      isRecord(tokenizer.files) &&
      Object.values(tokenizer.files).every((text) => typeof text === 'string'),
    sequence_length: isCount(value.sequence_length),
    cut:
      isRecord(cut) &&
      typeof cut.document === 'string' &&
      typeof cut.line_by_line === 'boolean' &&
      typeof cut.overflow === 'string' &&
      (cut.pack === undefined || cut.pack === 'documents') &&
      (cut.dedup === undefined || cut.dedup === 'exact'),
    masking: value.masking === null || isRecord(value.masking),
    split: value.split === undefined || value.split === 'train' || value.split === 'validation',
    rows_per_unit:
      value.rows_per_unit === undefined ||
      (Array.isArray(value.rows_per_unit) && value.rows_per_unit.every(isCount)),
    counts: counts === undefined || (isRecord(counts) && Object.values(counts).every(isCount)),
    part: part === undefined || (isRecord(part) && isCount(part.rank) && isCount(part.world_size)),
  };
  const wrong = Object.keys(checks).find((name) => !checks[name]);
  return wrong && `"${wrong}" has another shape than mlm writes; make the dataset again`;
}

/** Whether a value is a whole number of at least 0, exact in JavaScript. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
