import type { ContentName, FileState } from '../formats/format.js';

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
  /** `text`: UTF-8; `lines`: a record a line of it; `jsonl`: a JSON object a line. */
  format: ContentName;
  /** Where a document ends in this part: `blank-line`, `line`, or (`file`) not before the file does. */
  document: DocumentKind;
  /** First byte in the file, or in what it holds when it is compressed. */
  start: number;
  /** The byte after the last one. */
  end: number;
  /** Byte offset at which the document starts that this part begins with or goes on with. */
  documentStart: number;
  /** Whether the format was asked for, so that text may look like another. Default: false. */
  isAsked?: boolean | undefined;
  /** Whether messages count records, where lines of the part are none of the file. Default: false. */
  countsRecords?: boolean;
  /** The file as it was listed, where it is to be read from the path. Default: not held against it. */
  state?: FileState;
  /** Hash of the document that the part goes on with, to draw its split by content. */
  openingHash?: number | undefined;
  /** The same of the part's last document, which goes on in the next part. */
  lastOpeningHash?: number | undefined;
  /**
   * Documents that stood in the input before, which are left out: where each, or the piece of it in this part, begins and
   * ends in the decoded text, and how many of them begin in this part. Default: none.
   */
  duplicates?: { ranges: Uint32Array; count: number };
  /** The bytes themselves, where they cannot be read from the path: of a compressed file, a column, standard input. */
  data?: Uint8Array;
  /** Lines of the file before this part, where they cannot be counted in the path. */
  linesBefore?: number;
}

/**
 * A range of about 4 MiB of one file, or several small files in order. Units are numbered over the whole input, before
 * any division among workers or machines; rows never cross a unit.
 */
export interface Unit {
  /** From 0, over the whole input. */
  number: number;
  /** What to read, in order; a part's end ends its document unless the next unit goes on with it. */
  parts: UnitPart[];
  /** Bytes of its parts: of the files as they are, or of what they hold where they are compressed or columns. */
  inputBytes: number;
  /**
   * Bytes of all input on disk up to the end of this unit: for progress alone, since of what is read as a stream it
   * depends on the pace of reading. Default: unknown.
   */
  inputEnd?: number;
  /** No more rows than this are made of it. Default: all. */
  rowLimit?: number;
}
