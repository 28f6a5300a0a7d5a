import { int32Memory, type ListColumn } from '@mlm/arrow/columns';
import { addOneByOne, type RowCutter, type RowTokens } from './pack.js';

/**
 * Makes one row of each document (a line): [CLS], up to `length` − 2 ids, [SEP], unpadded. A longer document continues
 * in the next row (`wrap`) or is cut off (`truncate`); one without ids gives no row.
 */
export class LineCutter implements RowCutter {
  private values: Int32Array = new Int32Array(1 << 16);
  private offsets: Int32Array = new Int32Array(1 << 12);
  rows = 0;
  private position = 0;
  /** Start of the current row; −1 between rows. */
  private rowStart = -1;
  private isCutOff = false;

  constructor(
    private readonly length: number,
    private readonly tokens: RowTokens,
    private readonly overflow: 'wrap' | 'truncate',
  ) {}

  add(ids: Int32Array, from: number, to: number): void {
    for (let next = from; next < to; ) {
      if (this.isCutOff) return;
      if (this.rowStart < 0) this.beginRow();
      const end = Math.min(to, next + this.rowStart + this.length - 1 - this.position);
      const { values } = this;
      let { position } = this;
      while (next < end) values[position++] = ids[next++]!;
      this.position = position;
      // A full row is closed only when more follows: a line that just fits has no second row.
      if (next < to) {
        this.endRow();
        this.isCutOff = this.overflow === 'truncate';
      }
    }
  }

  endDocument(): void {
    if (this.rowStart >= 0) this.endRow();
    this.isCutOff = false;
  }

  addDocuments(ids: Int32Array, from: number, ends: Int32Array): void {
    addOneByOne(this, ids, from, ends);
  }

  finish(rowLimit = Number.POSITIVE_INFINITY): ListColumn<Int32Array> {
    this.endDocument();
    const offsets = this.offsets.slice(0, Math.min(this.rows, rowLimit) + 1);
    const values = int32Memory(offsets.at(-1)!);
    values.set(this.values.subarray(0, values.length));
    this.rows = 0;
    this.position = 0;
    return { values, offsets };
  }

  private beginRow(): void {
    if (this.position + this.length > this.values.length) this.values = grown(this.values, this.length);
    if (this.rows + 2 > this.offsets.length) this.offsets = grown(this.offsets, 0);
    this.rowStart = this.position;
    this.values[this.position++] = this.tokens.cls;
  }

  private endRow(): void {
    this.values[this.position++] = this.tokens.sep;
    this.offsets[++this.rows] = this.position;
    this.rowStart = -1;
  }
}

function grown(array: Int32Array, more: number): Int32Array {
  const larger = new Int32Array(2 * array.length + more);
  larger.set(array);
  return larger;
}
