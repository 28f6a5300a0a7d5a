/** Names of the formats, in the order of messages and of recognition; `index.ts` has an entry for each. */
export const formatNames = ['text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'arrow'] as const;

export type FormatName = (typeof formatNames)[number];

/** A file as it was when it was listed. */
export interface FileState {
  /** As the user wrote it; `-` is standard input. */
  path: string;
  /** Bytes on disk; 0 for standard input. */
  size: number;
  /** When it was last written, in milliseconds since 1970; 0 for standard input. */
  modified: number;
  /** When its content, name or permissions last changed, likewise. */
  changed?: number | undefined;
  /** Its inode number. */
  inode?: number | undefined;
}

/** One file of the input, as it is stored. */
export interface InputFile extends FileState {
  /** Name of its format: the one asked for, else by extension; a named file with an unknown extension is text. */
  format: FormatName;
  /** Whether the user chose the format, so that the content may look like another one. Default: false. */
  isAsked?: boolean;
  /** By extension: `.gz`, `.zst`. */
  compression: 'none' | 'gzip' | 'zstd';
  /** Where to fetch a file that is not on this machine. Default: it is on this machine. */
  stored?: { url: string; version: string | undefined };
  /** Whether it is a pipe or a device, which can be read only once, from its beginning, like standard input. */
  isStream?: boolean;
}

/** An input file opened for reading. */
export interface InputReader {
  readonly file: InputFile;
  /** The first `length` bytes of {@link chunks}, or fewer if it ends first. Call it before that. */
  head(length: number): Promise<Uint8Array>;
  /**
   * The file from its beginning to its end, decompressed, in chunks of any size, each of which is valid until the next is
   * asked for; those of a file that is not compressed stay valid.
   */
  chunks(): AsyncIterable<Uint8Array>;
  /** Fills `bytes` with those of the file as it is stored, from `from` on. */
  readInto(bytes: Uint8Array, from: number): Promise<void>;
  /** The bytes `[from, to)` of the file as it is stored. */
  readAt(from: number, to: number): Promise<Uint8Array>;
  /** Bytes read from disk so far, for progress only: they depend on the timing of reads. */
  readonly bytesRead: number;
  close(): Promise<void>;
}

/**
 * A kind of file, and all that listing, planning and reading know about it. A format whose files are plain text only
 * names its content; any other opens its files and yields their text as such a content, one record per line.
 */
export interface Format {
  readonly name: FormatName;
  /** File extensions, in lower case and without the dot. */
  readonly extensions: readonly string[];
  /**
   * Whether such files are read only when named, because those in folders mostly hold something else. Default: false.
   */
  readonly onlyNamed?: boolean;
  /** The content of its files, or of what {@link open} yields. */
  readonly content: Content;
  /** Whether messages count records, because lines of the content are not lines of the file. */
  readonly countsRecords?: boolean;
  /** Whether files are read out of order, so that a pipe will not do. Default: false. */
  readonly needsFile?: boolean;
  /**
   * Reads a file from its beginning to its end.
   * @param field - the column or field that holds the text
   * @returns the content, in chunks of any size, each of which is valid until the next is asked for
   * @throws InputError if the file is not of this format, or has no such field
   */
  open?(input: InputReader, field: string): AsyncIterable<Uint8Array>;
  /** How to divide a file by what it says about its rows. Default: it is read from its beginning to its end. */
  readonly rows?: RowDivision;
  /** Whether a file that begins with these bytes is of this format, whatever its name says. */
  recognises?(head: Uint8Array): boolean;
}

/** Dividing a file of rows, each of which becomes a line or none, so that threads read their own. */
export interface RowDivision {
  /**
   * Divides a file into sections, in order. They depend on the file alone, and are found by reading little of it.
   * @throws InputError if the file is not of this format, or has no such field
   */
  divide(input: FileRanges, field: string): AsyncIterable<FileSection>;
  /** A reader of {@link RowPart}s, one at a time. */
  reader(): RowReader;
}

/** A file whose ranges can be read. */
export type FileRanges = Pick<InputReader, 'file' | 'readInto' | 'readAt'>;

/** A section of a file. It begins and ends at places from 0 to the file's size, as shares of the input do. */
export type FileSection = RowSection | StreamSection;

/** Rows that a thread can read by itself, for a unit of their own. */
export interface RowSection {
  from: number;
  to: number;
  /** One or more, none of which is much longer than a unit, read one after the other. */
  parts: RowPart[];
}

/** Some rows of a section. */
export interface RowPart {
  /** How many they are. */
  rows: number;
  /** About how many bytes of text they have. */
  bytes: number;
  /** What the format needs to read them; can be cloned by `postMessage`. */
  plan: unknown;
}

/** Rows of which it is not known how much text they have. */
export interface StreamSection {
  from: number;
  /** Their text, which must be read to its end before the next section is asked for. */
  chunks: AsyncIterable<Uint8Array>;
  /** Whether the file ends with them; known once they are read. */
  isLast(): boolean;
}

/** Reads parts of sections; it may keep what the next part of the same section needs. */
export interface RowReader {
  /**
   * The text of some rows, valid until the next call.
   * @param room - memory for it; if it is too small, other memory is used
   * @throws InputError if the file is damaged
   */
  read(source: RowSource, plan: unknown, room?: Uint8Array): Promise<Uint8Array>;
  /** Lets others use its memory. */
  close(): void;
}

/** What {@link RowReader} reads from. */
export interface RowSource extends Pick<InputReader, 'readInto'> {
  readonly file: Pick<FileState, 'path' | 'size'>;
}

/** The ways in which bytes hold text. */
export type ContentName = 'text' | 'lines' | 'jsonl';

/** How bytes hold text. Units are ranges of a content. */
export interface Content {
  readonly name: ContentName;
  /** Where a range may end: between two words, or only between two lines, each of which is a record. */
  readonly cut: 'between words' | 'between lines';
  /** Whether each line is a document, whatever the option says. */
  readonly isRecords: boolean;
  /** Whether the bytes come from a file as they are, which may not be what its name says. */
  readonly isRaw: boolean;
  /**
   * Turns each line end into a line feed, in place, except in the last byte of `bytes`. Default: they all are line
   * feeds.
   */
  plainLineEnds?(bytes: Uint8Array): void;
  /**
   * Extracts the text of a range.
   * @param bytes - may be changed
   * @throws RecordError at the first unreadable record, unless such records are skipped
   */
  decode(bytes: Uint8Array, options: DecodeOptions): DecodedText;
}

/** How a range is decoded. */
export interface DecodeOptions {
  /** The field that holds the text; `a.b` is field b of an object in field a, unless a field is called `a.b`. */
  field: string;
  /** Whether the range is the first of its file. */
  isStart: boolean;
  /** Called with an unreadable record, which is then left out. Default: the range fails. */
  skip?: ((problem: RecordError) => void) | undefined;
}

/** The text of a range. */
export interface DecodedText {
  /** UTF-8. */
  text: Uint8Array;
  /** Converts the offset of a document's start in `text` to its offset in the range. */
  rangeOffset(offset: number): number;
}

/** The byte order mark with which a UTF-8 file may begin. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Length of the byte order mark at the start of a file. */
export function markLength(bytes: Uint8Array): number {
  return BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? BYTE_ORDER_MARK.length : 0;
}

/** Bytes that may stand before the first character: whitespace, the no-break space in Latin-1 too, and the mark. */
const LEADING = new Set([9, 10, 11, 12, 13, 32, 0xa0, ...BYTE_ORDER_MARK]);

/** The first byte of a text that is neither whitespace nor part of a byte order mark. */
export function firstCharacter(bytes: Uint8Array): number | undefined {
  for (let i = 0; i < bytes.length; i++) if (!LEADING.has(bytes[i]!)) return bytes[i];
  return undefined;
}

/** An unreadable record of a range: why, and where it is. */
export class RecordError extends Error {
  constructor(
    message: string,
    /** Lines of the range before the one at fault. */
    readonly line: number,
  ) {
    super(message);
  }
}
