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
  private buffer = new Uint8Array(0);

  join(records: Iterable<Uint8Array>): Uint8Array {
    const all = [...records];
    const length = all.reduce((sum, record) => sum + record.length + 1, 0);
    if (this.buffer.length < length) this.buffer = new Uint8Array(length);
    const joined = this.buffer.subarray(0, length);
    let position = 0;
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
