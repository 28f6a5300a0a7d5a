import { InputError } from '@mlm/base/errors';

/** Key of the dataset's description in an Arrow schema's metadata; the value is JSON. */
export const METADATA_KEY = 'mlm';

/** The part of the data that a row belongs to: training or validation. */
export type Split = 'train' | 'validation';

/** Ids of the special tokens, as metadata states them. */
export interface SpecialIdsMetadata {
  /** [CLS], which begins a row. */
  cls: number;
  /** [SEP], which ends a row, and a document inside one. */
  sep: number;
  /** [PAD], after the end of a row. */
  pad: number;
  /** [UNK], for what the vocabulary cannot spell. */
  unk: number;
  /** [MASK]. */
  mask: number;
}

/** The tokenizer that made the ids; `files` holds its files as text, so that a dataset travels alone. */
export interface TokenizerMetadata {
  /** The bundled tokenizer's name, or the name of its folder or file. */
  name: string;
  /** SHA-256 of the vocabulary, one token a line in the order of the ids, in hexadecimal. */
  sha256: string;
  /** The highest id + 1, added tokens included. */
  vocabulary_size: number;
  /** Ids of BERT's five special tokens. */
  special_ids: SpecialIdsMetadata;
  /** Ids that are never masked and never drawn at random. */
  protected_ids: number[];
  /** The commit that a tokenizer from a hub is of. */
  revision?: string;
  /** File name: content. */
  files: Record<string, string>;
  /** Ids that begin a word: bit `id & 7` of byte `id >> 3`, in base64. Only from format version 2 on. */
  word_starts?: string;
}

/** How the text was cut into rows. */
export interface CutMetadata {
  /** Where a document ends. */
  document: 'blank-line' | 'line' | 'file';
  /** A row a line, unpadded; else rows packed full. */
  line_by_line: boolean;
  /** What becomes of the part of a line beyond the sequence length. */
  overflow: 'wrap' | 'truncate';
  /**
   * `documents`: rows hold whole documents, or pieces of those longer than a row, each with special tokens of its own, and
   * the column `document_starts` says where they begin. Absent: text as it comes. Only from format version 2 on.
   */
  pack?: 'documents' | undefined;
  /** `exact`: documents that stood in the input before were left out. Absent: all are there. */
  dedup?: 'exact' | undefined;
}

/** How rows were masked; `null` in {@link DatasetMetadata} for rows that are not masked. `@mlm/masking` reads it. */
export interface MaskingSettings {
  /** Share of the tokens that are masked, 0 to 1; protected ones never are. */
  probability: number;
  /** `mask`: [MASK] on every masked token; `bert`: on 80 %, a random id on 10 %, 10 % kept; or shares of one's own. */
  replace: string | readonly [mask: number, random: number, keep: number];
  /** Which positions have a label: the masked ones, or all but padding. */
  labels: 'masked' | 'all';
  /** What the draws depend on, beside the rows' places. */
  seed: number;
  /** What is masked as one: `token` (the default), `whole-word`, `ngram` or `span`. */
  select?: string | undefined;
  /** Masks round(probability · tokens) of each row, at least one, as BERT's own data does. Default: false. */
  exact_count?: boolean | undefined;
  /** Least and most tokens that are masked in a row. Default: no limit. */
  min_masks?: number | undefined;
  max_masks?: number | undefined;
  /** Ids of further tokens that are never masked and never drawn at random, ascending. Default: none. */
  protect?: readonly number[] | undefined;
  /** How many times each row is written, each time with new draws. Default: 1. */
  dupe_factor?: number | undefined;
  /** Which of several streams of the same seed this is, so that they have different draws. Default: 0. */
  stream_number?: number | undefined;
  /** What the probability has become at the end of training; only in training, never stored. Default: as it is. */
  final_probability?: number | undefined;
}

/** One of several parts that `mergeDatasets` joins. */
export interface PartMetadata {
  /** From 0, below `world_size`. */
  rank: number;
  /** Number of parts. */
  world_size: number;
}

/** Sums over a dataset: rows, tokens (special tokens included, padding not), and what the steps before counted. */
export interface DatasetCounts {
  /** Rows of both splits. */
  rows: number;
  /** Their tokens, padding left out. */
  tokens: number;
  [name: string]: number;
}

/** What a dataset says about itself, in its schema metadata under the key `mlm`. */
export interface DatasetMetadata {
  /** Version of this metadata; readers refuse a later one. */
  format_version: 1 | 2;
  /** Program and version that wrote it. */
  generator: string;
  /** The tokenizer, its files included. */
  tokenizer: TokenizerMetadata;
  /** Tokens a row at most, special tokens included. */
  sequence_length: number;
  /** How the text was cut into rows. */
  cut: CutMetadata;
  /** The rule that was applied; `null` when the rows are not masked. */
  masking: MaskingSettings | null;
  /** Which rows these are. */
  split: Split;
  /** Index: unit number. Empty in the leading schema of a file and in streams, where it is not known yet. */
  rows_per_unit: number[];
  /** Only where the whole is known: in the footer of a file, in the manifest of a folder. */
  counts?: DatasetCounts;
  /** Only in a part of a dataset that several processes make. */
  part?: PartMetadata;
}

/** What the steps know before any row is written: the metadata without what the sink itself adds. */
export type DatasetDescription = Omit<DatasetMetadata, 'split' | 'rows_per_unit' | 'counts'>;

let lastText = '';
let lastMetadata: DatasetMetadata | undefined;

/**
 * Reads the value of the schema metadata key `mlm`.
 * @param text the JSON
 * @param name what messages call the dataset; default `dataset`
 * @throws InputError when it is of a later format version or not JSON
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
  // Every batch of a stream carries the same string: parse it once.
  if (text === lastText && lastMetadata) return lastMetadata;
  let json: unknown;
  try {
    json = JSON.parse(text);
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
 * What keeps a value from being a dataset's metadata of this version; `undefined` where nothing does. Masking settings are
 * left to who applies them.
 */
export function metadataProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return 'expected an object; was it written by mlm?';
  if (value.format_version !== 1 && value.format_version !== 2)
    return `format version ${JSON.stringify(value.format_version)} is not known here (expected 1 or 2); use a newer mlm`;
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

/** A whole number from 0, exact in JavaScript. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** An object of JSON. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
