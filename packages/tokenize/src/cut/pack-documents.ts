import { ColumnMemory } from '@mlm/arrow/columns';
import { addOneByOne, type CutRows, type RowCutter, type RowTokens } from './pack.js';

/**
 * Packs documents into rows of equal length, each document as [CLS], its ids, [SEP], by best-fit decreasing (Johnson
 * 1974; for training data, Ding et al. 2024, arXiv:2404.10830): a document is cut only if it is longer than a row, into
 * pieces of `length` − 2 ids and a remainder, which are packed like documents. Rows are padded.
 *
 * Documents within a row are in the order of the input, and so are rows by their first document.
 */
export class DocumentPacker implements RowCutter {
  /** No row is complete until all documents are known. */
  readonly rows = 0;
  private readonly memory = new ColumnMemory();
  /** Ids of all documents. */
  private ids = new Int32Array(1 << 16);
  private end = 0;
  /** Ends of the pieces in `ids`. */
  private pieceEnds: number[] = [];
  private documentStart = 0;

  constructor(
    private readonly length: number,
    private readonly tokens: RowTokens,
  ) {}

  add(ids: Int32Array, from: number, to: number): void {
    const end = this.end + to - from;
    if (end > this.ids.length) {
      const larger = new Int32Array(Math.max(end, 2 * this.ids.length));
      larger.set(this.ids.subarray(0, this.end));
      this.ids = larger;
    }
    this.ids.set(ids.subarray(from, to), this.end);
    this.end = end;
  }

  endDocument(): void {
    const room = this.length - 2;
    for (let start = this.documentStart; start < this.end; start += room)
      this.pieceEnds.push(Math.min(this.end, start + room));
    this.documentStart = this.end;
  }

  addDocuments(ids: Int32Array, from: number, ends: Int32Array): void {
    addOneByOne(this, ids, from, ends);
  }

  finish(rowLimit = Number.POSITIVE_INFINITY): CutRows {
    this.endDocument();
    const places = bestFit(this.pieceEnds, this.length);
    const rows = Math.min(places.rows, rowLimit);
    const columns = this.write(places.rowOf, rows);
    this.end = this.documentStart = 0;
    this.pieceEnds = [];
    return columns;
  }

  private write(rowOf: Int32Array, rows: number): CutRows {
    const { length, ids, pieceEnds, memory } = this;
    const { cls, sep, pad } = this.tokens;
    const values = memory.begin(rows * length).fill(pad);
    const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * length);
    const starts = { values: new Int32Array(pieceEnds.length), offsets: new Int32Array(rows + 1) };
    for (const row of rowOf) if (row < rows) starts.offsets[row + 1]!++;
    for (let row = 0; row < rows; row++) starts.offsets[row + 1]! += starts.offsets[row]!;
    const positions = offsets.slice(0, rows);
    const nextStart = starts.offsets.slice(0, rows);
    let from = 0;
    for (const [piece, to] of pieceEnds.entries()) {
      const row = rowOf[piece]!;
      if (row < rows) {
        let at = positions[row]!;
        starts.values[nextStart[row]!++] = at - row * length;
        values[at++] = cls;
        values.set(ids.subarray(from, to), at);
        at += to - from;
        values[at++] = sep;
        positions[row] = at;
      }
      from = to;
    }
    starts.values = starts.values.subarray(0, starts.offsets[rows]);
    return { values, offsets, memory, documentStarts: starts };
  }
}

/**
 * Assigns pieces to rows, the longest first: each goes into the row with the least room that suffices, or into a new
 * row.
 * @param ends where pieces end; the first begins at 0, each other one at the end of the one before
 * @returns the row of each piece; rows are numbered by their first piece
 */
function bestFit(ends: readonly number[], length: number): { rowOf: Int32Array; rows: number } {
  const rowOf = new Int32Array(ends.length);
  const open = new OpenRows(length);
  let rows = 0;
  for (const piece of longestFirst(ends, length)) {
    const size = ends[piece]! - (ends[piece - 1] ?? 0) + 2;
    const room = open.leastRoom(size);
    const row = room < 0 ? rows++ : open.take(room);
    rowOf[piece] = row;
    open.put(row, (room < 0 ? length : room) - size);
  }
  const numbers = new Int32Array(rows).fill(-1);
  let next = 0;
  for (const [piece, row] of rowOf.entries()) {
    if (numbers[row]! < 0) numbers[row] = next++;
    rowOf[piece] = numbers[row]!;
  }
  return { rowOf, rows };
}

/** The pieces from longest to shortest; pieces of equal length keep their order. */
function longestFirst(ends: readonly number[], length: number): Int32Array {
  const firstOf = new Int32Array(length + 1);
  const lengthOf = (piece: number) => ends[piece]! - (ends[piece - 1] ?? 0);
  // A counting sort: the pieces of a length begin after all longer ones.
  for (let piece = 0; piece < ends.length; piece++) firstOf[lengthOf(piece) - 1]!++;
  for (let size = length - 1; size >= 0; size--) firstOf[size]! += firstOf[size + 1]!;
  const order = new Int32Array(ends.length);
  for (let piece = 0; piece < ends.length; piece++) order[firstOf[lengthOf(piece)]!++] = piece;
  return order;
}

/** Rows by the room left in them, with a bitmap of the amounts of room that occur. */
class OpenRows {
  private readonly byRoom: number[][];
  private readonly bits: Uint32Array;

  constructor(length: number) {
    this.byRoom = Array.from({ length: length + 1 }, () => []);
    this.bits = new Uint32Array((length >>> 5) + 1);
  }

  /** The least room that is at least `size`; −1 if no row has that much. */
  leastRoom(size: number): number {
    let word = size >>> 5;
    let left = this.bits[word]! & (-1 << (size & 31));
    while (left === 0) {
      if (++word === this.bits.length) return -1;
      left = this.bits[word]!;
    }
    return (word << 5) + 31 - Math.clz32(left & -left);
  }

  take(room: number): number {
    const rows = this.byRoom[room]!;
    if (rows.length === 1) this.bits[room >>> 5]! &= ~(1 << (room & 31));
    return rows.pop()!;
  }

  put(row: number, room: number): void {
    this.byRoom[room]!.push(row);
    this.bits[room >>> 5]! |= 1 << (room & 31);
  }
}
