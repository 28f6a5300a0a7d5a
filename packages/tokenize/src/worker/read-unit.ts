import { closeSync, statSync } from 'node:fs';
import { InputError, mention, say } from '@mlm/base/errors';
import { type Content, type DecodedText, type FileState, RecordError } from '../formats/format.js';
import { contentOf } from '../formats/index.js';
import { openFile, readError, readFully } from '../source/bytes.js';
import { refuseOtherFormat } from '../source/foreign.js';
import type { UnitPart } from '../source/unit.js';
import type { DocumentMode } from '../tokenizer/types.js';

/** The text of a part of a unit, and where its documents lie in the file. */
export interface PartText {
  bytes: Uint8Array;
  document: DocumentMode;
  /** Byte offset in the file for a byte offset in `bytes` at which a document starts. */
  fileOffset(offset: number): number;
}

/** Reads the parts of units in one thread, into one buffer that grows to the largest of them. */
export class PartReader {
  private buffer = Buffer.alloc(0);

  constructor(private readonly textField: string) {}

  /**
   * @returns text that stays valid until the next call
   * @throws InputError when the file cannot be read, is no text, or holds a record that cannot be read
   */
  read(part: UnitPart): PartText {
    const bytes = part.data ?? this.readRange(part);
    const content = contentOf(part.format);
    if (part.start === 0 && content.isRaw) refuseOtherFormat(bytes, part);
    const { text, rangeOffset } = this.decode(part, content, bytes);
    const document = content.isRecords ? 'line' : part.document === 'file' ? 'none' : part.document;
    return { bytes: text, document, fileOffset: (offset) => part.start + rangeOffset(offset) };
  }

  private readRange(part: UnitPart): Uint8Array {
    const length = part.end - part.start;
    if (this.buffer.length < length)
      this.buffer = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.buffer.length));
    const bytes = this.buffer.subarray(0, length);
    const state = stateOf(part);
    const descriptor = openFile(state);
    try {
      readFully(descriptor, state, bytes, part.start);
    } finally {
      closeSync(descriptor);
    }
    return bytes;
  }

  private decode(part: UnitPart, content: Content, bytes: Uint8Array): DecodedText {
    try {
      return content.decode(bytes, { field: this.textField, isStart: part.start === 0 });
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      const { place, what } = recordPlace(part, error.line);
      throw new InputError(
        say`${place}: this ${what} ${error.message}; correct it, or name the text with ${mention('textField')}`,
      );
    }
  }
}

/** How messages call a record: by its line, or by its number where lines are none of the file. */
function recordPlace(part: UnitPart, lines: number): { place: string; what: string } {
  const number = (part.linesBefore ?? linesBefore(part)) + lines + 1;
  if (part.countsRecords) return { place: `${part.path}: record ${number}`, what: 'record' };
  return { place: `${part.path}:${number}`, what: 'line' };
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

/** The file of a part as it was listed, or as it is now where nobody has listed it. */
function stateOf({ path, state }: UnitPart): FileState {
  if (state) return state;
  try {
    const { size, mtimeMs: modified } = statSync(path);
    return { path, size, modified };
  } catch (error) {
    throw readError(error, path);
  }
}
