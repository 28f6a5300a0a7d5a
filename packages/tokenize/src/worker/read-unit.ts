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
import { refuseOtherFormat } from '../source/foreign.js';
import type { UnitPart } from '../source/unit.js';
import type { DocumentMode } from '../tokenizer/types.js';

/** The text of a part of a unit, and the places of its documents in the file. */
export interface PartText {
  bytes: Uint8Array;
  document: DocumentMode;
  /** Converts the offset of a document's start in `bytes` to its offset in the file. */
  fileOffset(offset: number): number;
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
    if (part.rows) return this.readRows(part, part.rows, room?.(part.rows.bytes));
    const bytes = part.data ? bufferOf(part.data) : this.readRange(part, room?.(part.end - part.start));
    const content = contentOf(part.format);
    if (part.start === 0 && content.isRaw) refuseOtherFormat(bytes, part);
    const { text, rangeOffset } = this.decode(part, content, bytes);
    const document = content.isRecords ? 'line' : part.document === 'file' ? 'none' : part.document;
    return { bytes: text, document, fileOffset: (offset) => part.start + rangeOffset(offset) };
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
    path: part.path,
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
