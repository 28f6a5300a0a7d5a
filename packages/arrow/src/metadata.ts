import { InputError } from './error.js';

/** Key of the dataset's description in an Arrow schema's metadata; the value is JSON. */
export const METADATA_KEY = 'mlm';

/** The part of the data that a row belongs to: rows to train on, or rows held out. */
export type Split = 'train' | 'validation';

/** The tokenizer that made the ids; `files` holds its files as text, so that a dataset travels alone. */
export interface TokenizerMetadata {
  name: string;
  sha256: string;
  vocabulary_size: number;
  special_ids: { cls: number; sep: number; pad: number; unk: number; mask: number };
  /** Ids that masking never selects and never draws. */
  protected_ids: number[];
  files: Record<string, string>;
}

/** How the text was cut into rows. */
export interface CutMetadata {
  /** Where a document ends. */
  document: 'blank-line' | 'line' | 'file';
  line_by_line: boolean;
  /** What becomes of the part of a line beyond the sequence length. */
  overflow: 'wrap' | 'truncate';
}

/** The masking rule that was applied; `null` in {@link DatasetMetadata} for rows that are not masked. */
export interface MaskingMetadata {
  probability: number;
  replace: 'mask' | 'bert';
  labels: 'masked' | 'all';
  seed: number;
}

/** One of several parts that `mergeDatasets` joins. */
export interface PartMetadata {
  rank: number;
  world_size: number;
}

/** Sums over a dataset: rows, tokens (special tokens included, padding not), and what the steps before counted. */
export interface DatasetCounts {
  rows: number;
  tokens: number;
  [name: string]: number;
}

/** What a dataset says about itself, in its schema metadata under the key `mlm`. */
export interface DatasetMetadata {
  format_version: 1;
  /** Program and version that wrote it. */
  generator: string;
  tokenizer: TokenizerMetadata;
  sequence_length: number;
  cut: CutMetadata;
  masking: MaskingMetadata | null;
  split: Split;
  /** Index: unit number. Empty in the leading schema of a file and in streams, where it is not known yet. */
  rows_per_unit: number[];
  /** Only where the whole is known: in the footer of a file, in the manifest of a folder. */
  counts?: DatasetCounts;
  part?: PartMetadata;
}

/** What the steps know before any row is written: the metadata without what the sink itself adds. */
export type DatasetDescription = Omit<DatasetMetadata, 'split' | 'rows_per_unit' | 'counts'>;

let lastText = '';
let lastMetadata: DatasetMetadata | undefined;

/**
 * Reads the value of the schema metadata key `mlm`.
 * @throws InputError when it is of a later format version or not JSON
 */
export function parseMetadata(text: string, name = 'dataset'): DatasetMetadata {
  // Every batch of a stream carries the same string: parse it once.
  if (text === lastText && lastMetadata) return lastMetadata;
  let metadata: DatasetMetadata;
  try {
    metadata = JSON.parse(text) as DatasetMetadata;
  } catch {
    throw new InputError(
      `${name}: the schema metadata "${METADATA_KEY}" is not JSON; was it written by mlm?`,
    );
  }
  if (metadata.format_version !== 1)
    throw new InputError(
      `${name}: format version ${metadata.format_version} is not known here (expected 1); use a newer mlm`,
    );
  lastText = text;
  lastMetadata = metadata;
  return metadata;
}
