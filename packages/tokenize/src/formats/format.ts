/** Names of the formats, in the order of messages and of recognition; `index.ts` has an entry for each. */
export const formatNames = ['text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'arrow'] as const;

export type FormatName = (typeof formatNames)[number];

/** A file as it was when it was listed. */
export interface FileState {
  /** As a person would write it; `-` is standard input. */
  path: string;
  /** Bytes on disk; 0 for standard input. */
  size: number;
  /** When it was last written, in milliseconds since 1970; 0 for standard input. */
  modified: number;
  /** When its content, name or rights last changed, likewise. */
  changed?: number | undefined;
  /** Its number in the file system. */
  inode?: number | undefined;
}

/** One file of the input, as it lies on disk. */
export interface InputFile extends FileState {
  /** Name of its format, by the file's name unless one was asked for; a file of an unknown kind that is named itself is text. */
  format: FormatName;
  /** Whether the format was asked for, so that the content may look like another. Default: false. */
  isAsked?: boolean;
  /** By the file's name: `.gz`, `.zst`. */
  compression: 'none' | 'gzip' | 'zstd';
  /** Where a file that is not on this machine is fetched from. Default: it is on this machine. */
  stored?: { url: string; version: string | undefined };
  /** A pipe or a device, which is read once and from its beginning on, as standard input is. */
  isStream?: boolean;
}

/** One input file while it is read. */
export interface InputReader {
  readonly file: InputFile;
  /** The first `length` bytes of what {@link chunks} gives, fewer where it ends before; to be asked before that. */
  head(length: number): Promise<Uint8Array>;
  /** The file from its beginning to its end, decompressed, in chunks of any size. */
  chunks(): AsyncIterable<Uint8Array>;
  /** The bytes `[from, to)` of the file as it lies on disk. */
  readAt(from: number, to: number): Promise<Uint8Array>;
  /** Bytes read from disk so far: for progress alone, since it depends on the pace of reading. */
  readonly bytesRead: number;
  close(): Promise<void>;
}

/**
 * A kind of file: all that listing, planning and reading know of it. A format whose files hold text as it is only names
 * its content; another one opens its files and gives their text as a content, a record a line.
 */
export interface Format {
  readonly name: FormatName;
  /** Ends of file names, in lower case and without the dot. */
  readonly extensions: readonly string[];
  /** In folders such files mostly hold something else, so they are read only when named. Default: false. */
  readonly onlyNamed?: boolean;
  /** What its files hold, or what {@link open} makes of them. */
  readonly content: Content;
  /** Whether lines of the content have other numbers than lines of the file, so that messages count records. */
  readonly countsRecords?: boolean;
  /** Whether a file must be read at any place, so that no pipe will do. Default: false. */
  readonly needsFile?: boolean;
  /**
   * Reads a file from its beginning to its end.
   * @param field - the column or field that holds the text
   * @returns the content, in chunks of any size
   * @throws InputError when the file is no such file, or has no such field
   */
  open?(input: InputReader, field: string): AsyncIterable<Uint8Array>;
  /** Whether a file that begins with these bytes is of this format, whatever its name says. */
  recognises?(head: Uint8Array): boolean;
}

/** The ways in which bytes hold text. */
export type ContentName = 'text' | 'lines' | 'jsonl';

/** How bytes hold text: what a work unit is a range of. */
export interface Content {
  readonly name: ContentName;
  /** Where a range may end: between two words, or only between two lines because a record is one. */
  readonly cut: 'between words' | 'between lines';
  /** Whether each line is a document, whatever the option says. */
  readonly isRecords: boolean;
  /** Whether the bytes are those of a file, which may not be what its name says. */
  readonly isRaw: boolean;
  /** Makes each line end a line feed, in place; the last byte of `bytes` stays. Default: they all are. */
  plainLineEnds?(bytes: Uint8Array): void;
  /**
   * Takes the text out of a range.
   * @param bytes - may be changed
   * @throws RecordError at the first record that cannot be read, unless such records are skipped
   */
  decode(bytes: Uint8Array, options: DecodeOptions): DecodedText;
}

/** How a range is decoded. */
export interface DecodeOptions {
  /** The field that holds the text; `a.b` is field b of an object in field a, where no field is called `a.b`. */
  field: string;
  /** Whether the range is the first of its file. */
  isStart: boolean;
  /** Takes a record that cannot be read, which is then left out. Default: the range fails. */
  skip?: ((problem: RecordError) => void) | undefined;
}

/** The text of a range. */
export interface DecodedText {
  /** UTF-8. */
  text: Uint8Array;
  /** For an offset in `text` at which a document starts, its offset in the range. */
  rangeOffset(offset: number): number;
}

/** Bytes of the byte order mark that a file of UTF-8 may begin with. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Length of the byte order mark at the start of a file. */
export function markLength(bytes: Uint8Array): number {
  return BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? BYTE_ORDER_MARK.length : 0;
}

/** Why and where reading the records of a range stopped. */
export class RecordError extends Error {
  constructor(
    message: string,
    /** Lines of the range before the one at fault. */
    readonly line: number,
  ) {
    super(message);
  }
}
