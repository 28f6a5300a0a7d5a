import { closeSync, statSync } from 'node:fs';
import { readError } from '@mlm/base';
import { InputError, mention, say } from '@mlm/base/errors';
import {
  type Content,
  type DecodedText,
  type FileState,
  type FormatName,
  RecordError,
  type RowReader,
} from '../formats/format.js';
import { contentOf, formatOf } from '../formats/index.js';
import { openFile, readFully, readOnce } from '../source/bytes.js';
import { named, refuseOtherFormat } from '../source/foreign.js';
import type { UnitPart } from '../source/unit.js';
import type { DocumentMode } from '../tokenizer/types.js';

/** The text of a part of a unit, and the places of its documents in the file. */
export interface PartText {
  bytes: Uint8Array;
  document: DocumentMode;
  /** Converts the offset of a document's start in `bytes` to its offset in the file. */
  fileOffset(offset: number): number;
}

/** Small files of a unit that are encoded as one text, see {@link joinSmall}. */
interface JoinedPart extends UnitPart {
  joined: readonly UnitPart[];
}

/** Bytes of files that are joined: an encoder's memory takes some 13 times as many. */
const JOINED_BYTES = 256 << 10;

/** Ends a document, whether at a blank line or at the end of each line. */
const BETWEEN_FILES = Buffer.from('\n\n');

/**
 * The parts of a unit with small files of plain text joined, which saves what each call of an encoder costs. Only for
 * encoders that give space no ids, and where the places of documents do not matter.
 */
export function* joinSmall(parts: readonly UnitPart[]): Generator<UnitPart> {
  let joined: UnitPart[] = [];
  let bytes = 0;
  for (const part of parts) {
    const room = part.end + BETWEEN_FILES.length;
    if (joined.length > 0 && (!isJoinable(part) || bytes + room > JOINED_BYTES)) {
      yield joinedPart(joined, bytes);
      joined = [];
      bytes = 0;
    }
    if (isJoinable(part) && room <= JOINED_BYTES) {
      joined.push(part);
      bytes += room;
    } else yield part;
  }
  if (joined.length > 0) yield joinedPart(joined, bytes);
}

/** Whether a part is a whole file of plain text, in which every line or blank line ends a document. */
function isJoinable({ format, start, end, document, state, data, rows, duplicates }: UnitPart): boolean {
  const isWhole = start === 0 && end === state?.size;
  return isWhole && format === 'text' && document !== 'file' && !data && !rows && !duplicates;
}

function joinedPart(joined: UnitPart[], bytes: number): UnitPart | JoinedPart {
  return joined.length === 1 ? joined[0]! : { ...joined[0]!, end: bytes, joined };
}

/** The unreadable records of a part, which were left out. */
export interface SkippedRecords {
  path: string;
  /** What their numbers count: the lines of the file, or its records. */
  numbers: 'line' | 'record';
  records: { number: number; problem: string }[];
}

/** Reads parts of units into memory of its own, which grows to the largest of them, or into that of an encoder. */
export class PartReader {
  private buffer = Buffer.alloc(0);

  private skipped: SkippedRecords[] = [];

  private readonly rowReaders = new Map<FormatName, RowReader>();

  /** @param skips - whether unreadable records are left out; {@link takeSkipped} returns them */
  constructor(
    private readonly textField: string,
    private readonly skips = false,
  ) {}

  /** The records left out since the last call. */
  takeSkipped(): SkippedRecords[] {
    const { skipped } = this;
    this.skipped = [];
    return skipped;
  }

  /**
   * @param room - where to read so many bytes. Default, or if it returns none: in memory of its own
   * @returns text that stays valid until the next call
   * @throws InputError if the file cannot be read, is not text, or has an unreadable record
   */
  async read(part: UnitPart, room?: (bytes: number) => Uint8Array | undefined): Promise<PartText> {
    if ('joined' in part) return this.readJoined(part as JoinedPart, room?.(part.end));
    if (part.rows) return this.readRows(part, part.rows, room?.(part.rows.bytes));
    const bytes = part.data ? bufferOf(part.data) : this.readRange(part, room?.(part.end - part.start));
    const content = contentOf(part.format);
    if (part.start === 0 && content.isRaw) refuseOtherFormat(bytes, part);
    const { text, rangeOffset } = this.decode(part, content, bytes);
    const document = content.isRecords ? 'line' : part.document === 'file' ? 'none' : part.document;
    return { bytes: text, document, fileOffset: (offset) => part.start + rangeOffset(offset) };
  }

  private readJoined({ joined, end }: JoinedPart, room: Uint8Array | undefined): PartText {
    const bytes = room ? bufferOf(room) : this.ownRoom(end);
    let at = 0;
    for (const part of joined) {
      const file = bytes.subarray(at, at + part.end);
      readOnce(stateOf(part), file, 0);
      refuseOtherFormat(file, part);
      const { text } = this.decode(part, contentOf(part.format), file);
      if (text.length < file.length) file.set(text);
      at += text.length;
      bytes.set(BETWEEN_FILES, at);
      at += BETWEEN_FILES.length;
    }
    const document = joined[0]!.document === 'line' ? 'line' : 'blank-line';
    return { bytes: bytes.subarray(0, at), document, fileOffset: (offset) => offset };
  }

  private readRange(part: UnitPart, room: Uint8Array | undefined): Uint8Array {
    const bytes = room ? bufferOf(room) : this.ownRoom(part.end - part.start);
    readOnce(stateOf(part), bytes, part.start);
    return bytes;
  }

  /** Each row is a line, and a document: its place is its number in the file, without the nulls before it in the part. */
  private async readRows(
    part: UnitPart,
    rows: NonNullable<UnitPart['rows']>,
    room: Uint8Array | undefined,
  ): Promise<PartText> {
    const bytes = bufferOf(part.data ?? (await this.decodeRows(part, rows, room)));
    let row = part.start;
    let counted = 0;
    const fileOffset = (offset: number) => {
      if (offset < counted) [row, counted] = [part.start, 0];
      for (let i = bytes.indexOf(10, counted); i >= 0 && i < offset; i = bytes.indexOf(10, counted)) {
        row++;
        counted = i + 1;
      }
      return row;
    };
    return { bytes, document: 'line', fileOffset };
  }

  private async decodeRows(
    part: UnitPart,
    { format, plan }: NonNullable<UnitPart['rows']>,
    room: Uint8Array | undefined,
  ): Promise<Uint8Array> {
    const reader = this.rowReaders.get(format) ?? formatOf(format).rows!.reader();
    this.rowReaders.set(format, reader);
    const file = stateOf(part);
    const descriptor = openFile(file);
    try {
      const readInto = async (bytes: Uint8Array, from: number) => readFully(descriptor, file, bytes, from);
      return await reader.read({ file, readInto }, plan, room);
    } finally {
      closeSync(descriptor);
    }
  }

  private ownRoom(length: number): Buffer {
    // Units differ a little in size; what is not written to takes no memory.
    if (this.buffer.length < length) this.buffer = Buffer.allocUnsafeSlow(length + (length >> 1));
    return this.buffer.subarray(0, length);
  }

  private decode(part: UnitPart, content: Content, bytes: Uint8Array): DecodedText {
    const problems: RecordError[] = [];
    const skip = this.skips ? (problem: RecordError) => void problems.push(problem) : undefined;
    try {
      return content.decode(bytes, { field: this.textField, isStart: part.start === 0, skip });
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      const { path, numbers, records } = numbered(part, [error]);
      const place =
        numbers === 'line' ? `${path}:${records[0]!.number}` : `${path}: record ${records[0]!.number}`;
      throw new InputError(
        say`${place}: this ${numbers} ${error.message}; correct it, name the text with ${mention('textField')}, or leave such records out with ${mention('onBadRecord', 'skip')}`,
      );
    } finally {
      if (problems.length > 0) this.skipped.push(numbered(part, problems));
    }
  }
}

/** A Buffer of the same memory: its bytes are searched faster than an array's. */
function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** The problems by their lines in the file, or by records if these are not its lines. */
function numbered(part: UnitPart, problems: readonly RecordError[]): SkippedRecords {
  const before = part.linesBefore ?? linesBefore(part);
  return {
    path: named(part.path),
    numbers: part.countsRecords ? 'record' : 'line',
    records: problems.map(({ line, message }) => ({ number: before + line + 1, problem: message })),
  };
}

/** Counts the lines of a file before a part of it. */
function linesBefore(part: UnitPart): number {
  const bytes = Buffer.allocUnsafe(1 << 20);
  const state = stateOf(part);
  const descriptor = openFile(state);
  let lines = 0;
  try {
    for (let position = 0; position < part.start; position += bytes.length) {
      const chunk = bytes.subarray(0, Math.min(bytes.length, part.start - position));
      readFully(descriptor, state, chunk, position);
      for (let i = chunk.indexOf(10); i >= 0; i = chunk.indexOf(10, i + 1)) lines++;
    }
  } finally {
    closeSync(descriptor);
  }
  return lines;
}

/** The file of a part as it was listed; if it was not, as it is now. */
function stateOf({ path, state }: UnitPart): FileState {
  if (state) {
    const { size, modified, changed, inode } = state;
    return { path, size, modified, changed, inode };
  }
  try {
    const { size, mtimeMs: modified } = statSync(path);
    return { path, size, modified };
  } catch (error) {
    throw readError(error, path);
  }
}
