import { giveBackMemory, int32Memory, type ListColumn } from '@mlm/arrow/columns';

/** Ids of the special tokens in rows. */
export interface RowTokens {
  cls: number;
  sep: number;
  pad: number;
}

/**
 * Rows of ids. If rows hold whole documents, `documentStarts` has the positions at which they begin, ascending in each
 * row.
 */
export interface CutRows extends ListColumn<Int32Array> {
  documentStarts?: ListColumn<Int32Array> | undefined;
}

/** Cuts the ids of documents into rows. */
export interface RowCutter {
  /** Adds the ids `[from, to)` to the current document. */
  add(ids: Int32Array, from: number, to: number): void;
  endDocument(): void;
  /** Adds whole documents: the ids up to each of the ends, those of the first from `from` on. */
  addDocuments(ids: Int32Array, from: number, ends: Int32Array): void;
  /** Complete rows since the last call of `finish`. */
  readonly rows: number;
  /** Returns the rows since the last call, at most `rowLimit`, and resets the cutter. */
  finish(rowLimit?: number): CutRows;
}

/** Adds documents to a cutter that gains nothing from knowing several. */
export function addOneByOne(cutter: RowCutter, ids: Int32Array, from: number, ends: Int32Array): void {
  let start = from;
  for (const end of ends) {
    cutter.add(ids, start, end);
    cutter.endDocument();
    start = end;
  }
}

/**
 * Packs documents one after another into rows of equal length: [CLS], up to `length` − 2 ids, [SEP]. One [SEP]
 * separates two documents; if the first of them ends at the end of its row, the row's closing [SEP] serves, so no row
 * begins with [CLS] [SEP]. Only the last row is padded.
 */
export class RowPacker implements RowCutter {
  private values: Int32Array<ArrayBuffer> = EMPTY;
  /** Ids in the largest column so far, which predicts the size of the next one. */
  private usualSize = 0;
  /** Where the next id goes. */
  private position = 0;
  /** Position of the current row's closing [SEP]; −1 between rows. */
  private closing = -1;
  private isBetweenDocuments = false;

  constructor(
    private readonly length: number,
    private readonly tokens: RowTokens,
  ) {}

  add(ids: Int32Array, from: number, to: number): void {
    if (from >= to) return;
    const start = this.stage(ids, from, to, 1);
    this.pack(start, start + to - from);
  }

  endDocument(): void {
    this.isBetweenDocuments = true;
  }

  addDocuments(ids: Int32Array, from: number, ends: Int32Array): void {
    if (ends.length === 0) return;
    const shift = this.stage(ids, from, ends.at(-1)!, ends.length) - from;
    let start = from;
    for (const end of ends) {
      this.pack(shift + start, shift + end);
      this.endDocument();
      start = end;
    }
  }

  /**
   * Copies the ids `[from, to)` into the column, as far behind their rows as these will have special tokens. From there
   * they are moved: a copy within one array needs no view of it, of which each row would leave one to the collector.
   * @returns where they begin
   */
  private stage(ids: Int32Array, from: number, to: number, documents: number): number {
    const { length } = this;
    // Within a row, a [SEP] takes an id's place.
    const rows = Math.ceil((to - from + documents) / (length - 2)) + 1;
    const start = this.position + documents + 2 * rows;
    this.reserve(start + to - from + length);
    this.values.set(ids.subarray(from, to), start);
    return start;
  }

  /** Moves a document's ids, or some of them, from `[from, to)` to their rows. */
  private pack(from: number, to: number): void {
    if (from >= to) return;
    const { values, length } = this;
    const { cls, sep } = this.tokens;
    let { position, closing } = this;
    if (this.isBetweenDocuments && closing >= 0) {
      values[position++] = sep;
      if (position === closing) {
        values[position++] = sep;
        closing = -1;
      }
    }
    this.isBetweenDocuments = false;
    let next = from;
    while (next < to) {
      if (closing < 0) {
        closing = position + length - 1;
        values[position++] = cls;
      }
      const end = Math.min(to, next + closing - position);
      if (end - next >= MOVED_AT_ONCE) {
        values.copyWithin(position, next, end);
        position += end - next;
        next = end;
      } else {
        while (next < end) values[position++] = values[next++]!;
      }
      if (position === closing) {
        values[position++] = sep;
        closing = -1;
      }
    }
    this.position = position;
    this.closing = closing;
  }

  get rows(): number {
    return Math.floor(this.position / this.length);
  }

  finish(rowLimit = Number.POSITIVE_INFINITY): ListColumn<Int32Array> {
    if (this.closing >= 0) {
      this.values[this.position] = this.tokens.sep;
      this.values.fill(this.tokens.pad, this.position + 1, this.closing + 1);
      this.position = this.closing + 1;
    }
    const rows = Math.min(this.rows, rowLimit);
    const offsets = new Int32Array(rows + 1);
    for (let row = 0; row <= rows; row++) offsets[row] = row * this.length;
    const values = this.values.subarray(0, rows * this.length);
    this.values = EMPTY;
    this.usualSize = Math.max(this.usualSize, values.length);
    this.position = 0;
    this.closing = -1;
    this.isBetweenDocuments = false;
    return { values, offsets };
  }

  private reserve(size: number): void {
    if (size <= this.values.length) return;
    const { values } = this;
    this.values = int32Memory(Math.max(size, this.usualSize, 2 * values.length));
    this.values.set(values.subarray(0, this.position));
    giveBackMemory([values.buffer]);
  }
}

const EMPTY = new Int32Array(0);

/** Fewer ids are moved faster one by one. */
const MOVED_AT_ONCE = 32;
