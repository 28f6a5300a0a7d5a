import { ColumnMemory } from '@mlm/arrow/columns';
import { addOneByOne, type CutRows, type RowCutter, type RowTokens } from './pack.js';

/**
 * Makes one row of each document (a line): [CLS], up to `length` − 2 ids, [SEP], unpadded. A longer document continues
 * in the next row (`wrap`) or is cut off (`truncate`); one without ids gives no row.
 */
export class LineCutter implements RowCutter {
  private readonly memory = new ColumnMemory();
  private values: Int32Array<ArrayBuffer> = EMPTY;
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

  finish(rowLimit = Number.POSITIVE_INFINITY): CutRows {
    this.endDocument();
    const { memory } = this;
    const offsets = this.offsets.subarray(0, Math.min(this.rows, rowLimit) + 1);
    const values = this.rows > 0 ? memory.resize(offsets.at(-1)!) : EMPTY;
    this.values = EMPTY;
    this.rows = 0;
    this.position = 0;
    return { values, offsets, memory };
  }

  private beginRow(): void {
    const { memory, values } = this;
    const needed = this.position + this.length;
    if (values === EMPTY) this.values = memory.begin(Math.max(needed, FIRST_IDS));
    else if (needed > values.length) this.values = memory.resize(2 * needed);
    if (this.rows + 2 > this.offsets.length) this.offsets = doubled(this.offsets);
    this.rowStart = this.position;
    this.values[this.position++] = this.tokens.cls;
  }

  private endRow(): void {
    this.values[this.position++] = this.tokens.sep;
    this.offsets[++this.rows] = this.position;
    this.rowStart = -1;
  }
}

const EMPTY = new Int32Array(0);

/** Ids to make room for when a column begins. */
const FIRST_IDS = 1 << 20;

function doubled(array: Int32Array): Int32Array {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}
