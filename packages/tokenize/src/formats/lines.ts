import type { Content } from './format.js';

const LINE_FEED = 10;
const SPACE = 32;

/** UTF-8 with one record per line: what columns, and the texts of a program, become. */
export const lines: Content = {
  name: 'lines',
  cut: 'between words',
  isRecords: true,
  isRaw: false,
  decode: (bytes) => ({ text: bytes, rangeOffset: (offset) => offset }),
};

/** Joins UTF-8 records as {@link lines}; line feeds inside a record become spaces. */
export function joinLines(records: Iterable<Uint8Array>): Uint8Array {
  return new LineJoiner().join(records);
}

/** Joins records as {@link joinLines} does, into memory that it uses again: the lines are valid until the next call. */
export class LineJoiner {
  private length = 0;

  /** @param buffer - memory for the lines; once they do not fit, they are moved */
  constructor(private buffer: Uint8Array = new Uint8Array(0)) {}

  join(records: Iterable<Uint8Array>): Uint8Array {
    this.length = 0;
    return this.append(records);
  }

  /**
   * Joins further records to those of the last calls.
   * @param limit - most bytes. Default: any number
   * @returns the lines of all of them
   * @throws Error if they have more bytes
   */
  append(records: Iterable<Uint8Array>, limit = Number.POSITIVE_INFINITY): Uint8Array {
    const all = [...records];
    let position = this.length;
    this.length += all.reduce((sum, record) => sum + record.length + 1, 0);
    if (this.length > limit)
      throw new Error(`rows have more than ${limit} bytes of text, far more than its headers tell`);
    if (this.buffer.length < this.length) {
      const held = this.buffer.subarray(0, position);
      this.buffer = new Uint8Array(position === 0 ? this.length : this.length + (this.length >> 1));
      this.buffer.set(held);
    }
    const joined = this.buffer.subarray(0, this.length);
    for (const record of all) {
      joined.set(record, position);
      for (let i = record.indexOf(LINE_FEED); i >= 0; i = record.indexOf(LINE_FEED, i + 1))
        joined[position + i] = SPACE;
      position += record.length;
      joined[position++] = LINE_FEED;
    }
    return joined;
  }
}
