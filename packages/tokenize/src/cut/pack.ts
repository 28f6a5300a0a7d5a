import { ColumnMemory, type ListColumn } from '@mlm/arrow/columns';

/** Ids of the special tokens in rows. */
export interface RowTokens {
  cls: number;
  sep: number;
  pad: number;
}

/**
 * Rows of ids, the first column of `memory`, valid until the cutter gets further ids. If rows hold whole documents,
 * `documentStarts` has the positions at which they begin, ascending in each row.
 */
export interface CutRows extends ListColumn<Int32Array<ArrayBuffer>> {
  memory: ColumnMemory;
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
  private readonly memory = new ColumnMemory();
  private values: Int32Array<ArrayBuffer> = EMPTY;
  /** Those of the longest column so far, of which others are a part. */
  private offsets = new Int32Array(1);
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

  finish(rowLimit = Number.POSITIVE_INFINITY): CutRows {
    if (this.closing >= 0) {
      this.values[this.position] = this.tokens.sep;
      this.values.fill(this.tokens.pad, this.position + 1, this.closing + 1);
      this.position = this.closing + 1;
    }
    const rows = Math.min(this.rows, rowLimit);
    const { memory } = this;
    const values = rows > 0 ? memory.resize(rows * this.length) : EMPTY;
    this.values = EMPTY;
    this.position = 0;
    this.closing = -1;
    this.isBetweenDocuments = false;
    return { values, offsets: this.offsetsOf(rows), memory };
  }

  private offsetsOf(rows: number): Int32Array {
    if (this.offsets.length <= rows)
      this.offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * this.length);
    return this.offsets.subarray(0, rows + 1);
  }

  private reserve(size: number): void {
    if (size <= this.values.length) return;
    this.values = this.values === EMPTY ? this.memory.begin(size) : this.memory.resize(size);
  }
}

const EMPTY = new Int32Array(0);

/** Fewer ids are moved faster one by one. */
const MOVED_AT_ONCE = 32;
