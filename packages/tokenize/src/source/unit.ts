import type { ContentName, FileState, FormatName } from '../formats/format.js';

/** Where a document ends: at a blank line, at the end of each line, or only with its file. */
export type DocumentKind = 'blank-line' | 'line' | 'file';

/** Bytes of text in a work unit; a larger file is cut near multiples of it. */
export const UNIT_BYTES = 4 << 20;

/** A range of one file, or the whole of it. */
export interface UnitPart {
  /** Ordinal of the file in the ordered input. */
  file: number;
  /** Where to read it, and what messages call it; `-` is standard input. */
  path: string;
  /** `text`: UTF-8; `lines`: UTF-8 with one record per line; `jsonl`: one JSON object per line. */
  format: ContentName;
  /** Where a document ends in this part; with `file`, only at the end of the file. */
  document: DocumentKind;
  /**
   * Offset of the first byte in the file, or in its content if it is compressed; of `rows`, the number of the first one
   * among those of the file, in which a byte of a streamed section counts as a row.
   */
  start: number;
  /** Offset after the last byte or row. */
  end: number;
  /** Offset at which the document starts that this part begins with or continues. */
  documentStart: number;
  /** Whether the user chose the format, so that text may look like another one. Default: false. */
  isAsked?: boolean | undefined;
  /** Whether messages count records, because the part's lines are not lines of the file. Default: false. */
  countsRecords?: boolean;
  /** The file as it was listed, to detect a change when it is read. Default: changes are not detected. */
  state?: Omit<FileState, 'path'>;
  /** Hash of the document that the part continues, to draw its split by content. */
  openingHash?: number | undefined;
  /** Hash of the part's last document, if it continues in the next part. */
  lastOpeningHash?: number | undefined;
  /**
   * Documents to leave out because they occurred earlier: the start and end of each, or of its piece in this part, in
   * the decoded text, and how many of them begin in this part. Default: none.
   */
  duplicates?: { ranges: Uint32Array; count: number };
  /**
   * The bytes, if they cannot be read from the path: of a compressed file, a column, standard input. They are decoded in
   * place, and moved or shared between threads, so a unit with such parts is used once.
   */
  data?: Uint8Array;
  /** The rows to read, if the part is not a range of bytes: their format, about how many bytes of text, and its plan. */
  rows?: { format: FormatName; bytes: number; plan: unknown };
  /** Lines of the file before this part, if they cannot be counted by reading the path. */
  linesBefore?: number;
}

/**
 * A range of about 4 MiB of one file, or several small files in order. Units are numbered over the whole input, before
 * any division among workers or machines; rows never cross a unit.
 */
export interface Unit {
  /** From 0, over the whole input. */
  number: number;
  /** What to read, in order; a part's end ends its document unless the next unit continues it. */
  parts: UnitPart[];
  /** Bytes of its parts; of compressed files and columns, decompressed, and of `rows` an estimate. */
  inputBytes: number;
  /**
   * Bytes of all input on disk up to the end of this unit, for progress only: in a stream they depend on the timing of
   * reads. Default: unknown.
   */
  inputEnd?: number;
  /** Make at most this many rows of it. Default: all. */
  rowLimit?: number;
}
