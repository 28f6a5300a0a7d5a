import { DamagedError, UnsupportedError } from './flatbuffer.js';
import type { BatchLayout, ColumnType } from './message.js';

/** Rows that a batch may have regardless of its body: columns of nulls take no bytes. */
const EMPTY_ROWS = 1 << 20;

/**
 * Checks a record batch against its schema: each buffer is inside the body and as long as its column requires, and
 * offsets ascend and stay within the values.
 * @param body the batch's body, or only its length, which leaves the offsets unchecked
 * @throws DamagedError naming the column
 */
export function checkBatch(
  columns: readonly ColumnType[],
  batch: BatchLayout,
  body: Uint8Array | number,
): void {
  if (batch.codec !== undefined)
    throw new UnsupportedError(
      `its record batches are compressed (${batch.codec}), which is not supported; write it without compression`,
    );
  const bytes = typeof body === 'number' ? body : body.length;
  if (batch.rows > 8 * bytes + EMPTY_ROWS)
    throw new DamagedError(`a batch of ${bytes} bytes claims ${batch.rows} rows`);
  const walk = new BatchWalk(batch, bytes, typeof body === 'number' ? undefined : body);
  for (const column of columns) {
    const length = walk.column(column);
    if (length !== batch.rows)
      throw new DamagedError(`column "${column.name}" has ${length} rows in a batch of ${batch.rows}`);
  }
  walk.end();
}

/** Like {@link checkBatch}, for the values of a dictionary. */
export function checkDictionary(column: ColumnType, batch: BatchLayout, body: Uint8Array | number): void {
  checkBatch([{ ...column, dictionary: undefined }], batch, body);
}

interface BodyBuffer {
  offset: number;
  length: number;
}

/** Walks through a batch's nodes and buffers in the order of its columns. */
class BatchWalk {
  private node = 0;
  private buffer = 0;
  private variadic = 0;
  private readonly view: DataView | undefined;

  constructor(
    private readonly batch: BatchLayout,
    private readonly bodyLength: number,
    body: Uint8Array | undefined,
  ) {
    this.view = body && new DataView(body.buffer, body.byteOffset, body.byteLength);
  }

  /** @returns the column's length */
  column(column: ColumnType): number {
    const node = this.batch.nodes[this.node++];
    if (!node || node.nulls > node.length)
      throw new DamagedError(`the lengths of column "${column.name}" are missing or impossible`);
    const { length } = node;
    if (column.kind === 'Null') return length;
    this.bits(column, length, 1, node.nulls === 0);
    if (column.dictionary) this.bits(column, length, column.dictionary.indexBits);
    else this.values(column, length);
    return length;
  }

  /** Nothing may follow the last column. */
  end(): void {
    const { nodes, buffers, variadicCounts } = this.batch;
    if (
      this.node !== nodes.length ||
      this.buffer !== buffers.length ||
      this.variadic !== variadicCounts.length
    )
      throw new DamagedError('a batch has more columns than its schema');
  }

  private values(column: ColumnType, length: number): void {
    const { kind, children, name } = column;
    switch (kind) {
      case 'Utf8':
      case 'Binary':
      case 'LargeUtf8':
      case 'LargeBinary': {
        const end = this.offsets(column, length, kind.startsWith('Large') ? 8 : 4);
        const { length: bytes } = this.next(column);
        if (end > bytes) throw new DamagedError(`column "${name}" refers to ${end} of ${bytes} bytes`);
        return;
      }
      case 'List':
      case 'Map':
      case 'LargeList': {
        const end = this.offsets(column, length, kind === 'LargeList' ? 8 : 4);
        const values = this.onlyChild(column);
        if (end > values) throw new DamagedError(`column "${name}" refers to ${end} of ${values} values`);
        return;
      }
      case 'FixedSizeList': {
        const values = this.onlyChild(column);
        if (column.listSize === 0 || length * column.listSize > values)
          throw new DamagedError(`column "${name}" has ${values} values for ${length} rows`);
        return;
      }
      case 'Struct':
        for (const child of children)
          if (this.column(child) < length)
            throw new DamagedError(`column "${name}" has fewer values of "${child.name}" than rows`);
        return;
      case 'Utf8View':
      case 'BinaryView':
        this.views(column, length);
        return;
      case 'Union':
      case 'RunEndEncoded':
      case 'ListView':
      case 'LargeListView':
        throw new UnsupportedError(
          `column "${name}" is of the type ${kind}, which is not supported; write the file without it, or with another type`,
        );
      default:
        this.bits(column, length, column.bits);
    }
  }

  private onlyChild(column: ColumnType): number {
    const [child, ...others] = column.children;
    if (!child || others.length > 0)
      throw new DamagedError(
        `column "${column.name}" has ${column.children.length} kinds of values, not one`,
      );
    return this.column(child);
  }

  private next(column: ColumnType): BodyBuffer {
    const found = this.batch.buffers[this.buffer++];
    if (!found || found.offset + found.length > this.bodyLength)
      throw new DamagedError(`a buffer of column "${column.name}" lies outside its batch`);
    return found;
  }

  /** A buffer of `length` values of `bits` each; `mayBeEmpty` if readers take an empty one as absent. */
  private bits(column: ColumnType, length: number, bits: number, mayBeEmpty = false): BodyBuffer {
    const found = this.next(column);
    const isEnough = found.length >= Math.ceil((length * bits) / 8);
    if (!isEnough && !(mayBeEmpty && found.length === 0))
      throw new DamagedError(`a buffer of column "${column.name}" is too short for ${length} rows`);
    return found;
  }

  /** @returns the last of `length` + 1 ascending offsets of `size` bytes each */
  private offsets(column: ColumnType, length: number, size: 4 | 8): number {
    const found = this.next(column);
    if (length === 0 && found.length === 0) return 0;
    if (found.length < (length + 1) * size)
      throw new DamagedError(`a buffer of column "${column.name}" is too short for ${length} rows`);
    const { view } = this;
    if (!view) return 0;
    let last = 0;
    for (let row = 0; row <= length; row++) {
      const at = found.offset + row * size;
      const offset = size === 4 ? view.getInt32(at, true) : Number(view.getBigInt64(at, true));
      if (offset < last)
        throw new DamagedError(`the offsets of column "${column.name}" do not ascend at row ${row}`);
      last = offset;
    }
    return last;
  }

  /** Views contain up to 12 bytes inline; longer values are in one of the buffers that follow. */
  private views(column: ColumnType, length: number): void {
    const { offset } = this.bits(column, length, 128);
    const count = this.batch.variadicCounts[this.variadic++] ?? 0;
    if (count > this.batch.buffers.length)
      throw new DamagedError(`column "${column.name}" has more buffers than its batch`);
    const sizes = Array.from({ length: count }, () => this.next(column).length);
    const { view } = this;
    for (let row = 0; view && row < length; row++) {
      const at = offset + 16 * row;
      const bytes = view.getInt32(at, true);
      const end = view.getInt32(at + 12, true) + bytes;
      const size = sizes[view.getInt32(at + 8, true)];
      const isSound = bytes >= 0 && (bytes <= 12 || (size !== undefined && end <= size && end >= bytes));
      if (!isSound) throw new DamagedError(`a value of column "${column.name}" lies outside its batch`);
    }
  }
}
