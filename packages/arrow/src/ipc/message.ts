import { count64, DamagedError, FlatTable, UnsupportedError } from './flatbuffer.js';

/** A column's type, with the properties that its buffers depend on. */
export interface ColumnType {
  /** Name of the column, for messages. */
  name: string;
  /** In Arrow's terms: Int, Utf8, List … */
  kind: TypeKind;
  /** Bits of a value; 0 if values have no fixed width. */
  bits: number;
  /** Values per row of a FixedSizeList. */
  listSize: number;
  /** Whether a Union has offsets. */
  isDense: boolean;
  children: ColumnType[];
  /** Id of the dictionary that the column's values are indices into. */
  dictionary: { id: bigint; indexBits: number } | undefined;
}

/** Arrow's Type union, in its order. */
export const typeKinds = [
  'NONE',
  'Null',
  'Int',
  'FloatingPoint',
  'Binary',
  'Utf8',
  'Bool',
  'Decimal',
  'Date',
  'Time',
  'Timestamp',
  'Interval',
  'List',
  'Struct',
  'Union',
  'FixedSizeBinary',
  'FixedSizeList',
  'Map',
  'Duration',
  'LargeBinary',
  'LargeUtf8',
  'LargeList',
  'RunEndEncoded',
  'BinaryView',
  'Utf8View',
  'ListView',
  'LargeListView',
] as const;
export type TypeKind = (typeof typeKinds)[number];

/** The header of a record batch: the lengths of its columns, and the places of their buffers in the body. */
export interface BatchLayout {
  rows: number;
  nodes: { length: number; nulls: number }[];
  buffers: { offset: number; length: number }[];
  /** Buffers of views beyond the first two, by column. */
  variadicCounts: number[];
  /** Name of the codec that its buffers are compressed with. */
  codec: string | undefined;
}

export type MessageHeader =
  | { kind: 'schema'; columns: ColumnType[] }
  | { kind: 'batch'; batch: BatchLayout }
  | { kind: 'dictionary'; id: bigint; batch: BatchLayout };

/** One encapsulated message, without its body. */
export interface ArrowMessage {
  header: MessageHeader;
  bodyLength: number;
}

/** The place of a message in a file. */
export interface BlockPlace {
  offset: number;
  metadataLength: number;
  bodyLength: number;
}

/** A file's footer. */
export interface ArrowFooter {
  columns: ColumnType[];
  dictionaries: BlockPlace[];
  batches: BlockPlace[];
}

/**
 * Reads every part of a message that a reader uses and checks each offset and length against the bytes, so that
 * arrow-js, which trusts them, can read it afterwards.
 * @param bytes the flatbuffer
 * @throws DamagedError if the bytes are not such a message
 */
export function readMessage(bytes: Uint8Array): ArrowMessage {
  const message = FlatTable.root(bytes);
  readStrings(message, 4);
  const bodyLength = message.count(3);
  const header = message.table(2);
  if (!header) throw new DamagedError('a message has no header');
  const kind = message.uint8(1);
  if (kind === 1) return { header: { kind: 'schema', columns: readSchema(header) }, bodyLength };
  if (kind === 3) return { header: { kind: 'batch', batch: readBatch(header) }, bodyLength };
  if (kind !== 2) throw new DamagedError(`a message of kind ${kind} is neither schema nor batch`);
  const data = header.table(1);
  if (!data) throw new DamagedError('a dictionary batch has no data');
  return { header: { kind: 'dictionary', id: header.int64(0), batch: readBatch(data) }, bodyLength };
}

/**
 * Like {@link readMessage}, for the footer of a file.
 * @param end where the footer begins; all messages end before it
 */
export function readFooter(bytes: Uint8Array, end: number): ArrowFooter {
  const footer = FlatTable.root(bytes);
  readStrings(footer, 4);
  const schema = footer.table(1);
  if (!schema) throw new DamagedError('the footer has no schema');
  const blocks = (field: number) => footer.structs(field, 24, readBlock);
  const result = { columns: readSchema(schema), dictionaries: blocks(2), batches: blocks(3) };
  let total = 0;
  for (const { offset, metadataLength, bodyLength } of [...result.dictionaries, ...result.batches]) {
    total += metadataLength + bodyLength;
    // Batches that share bytes would make a small file endless.
    if (metadataLength < 8 || offset + metadataLength + bodyLength > end || total > end)
      throw new DamagedError(`a batch at byte ${offset} does not fit into the file`);
  }
  return result;
}

function readBlock(view: DataView, at: number): BlockPlace {
  const metadataLength = view.getInt32(at + 8, true);
  return { offset: count64(view, at), metadataLength, bodyLength: count64(view, at + 16) };
}

function readSchema(schema: FlatTable): ColumnType[] {
  readStrings(schema, 2);
  if (schema.int16(0) !== 0) throw new UnsupportedError('its numbers are big-endian, which is not supported');
  return schema.tables(1).map(readField);
}

function readField(field: FlatTable): ColumnType {
  readStrings(field, 6);
  const name = field.string(0);
  const kind = typeKinds[field.uint8(2)];
  const type = field.table(3);
  if (!kind || !type || kind === 'NONE') throw new DamagedError(`column "${name}" has no type`);
  const encoding = field.table(4);
  const index = encoding?.table(1);
  const listSize = kind === 'FixedSizeList' ? type.int32(0) : 0;
  const bits = bitsOf(kind, type, name);
  if (listSize < 0 || bits < 0) throw new DamagedError(`column "${name}" has values of a negative size`);
  return {
    name,
    kind,
    bits,
    listSize,
    isDense: kind === 'Union' && type.int16(0) === 1,
    children: field.tables(5).map(readField),
    dictionary: encoding && {
      id: encoding.int64(0),
      indexBits: index ? oneOf([8, 16, 32, 64], index.int32(0), name) : 32,
    },
  };
}

/** Bits of a value; also checks all other properties of the type that a reader uses. */
function bitsOf(kind: TypeKind, type: FlatTable, name: string): number {
  switch (kind) {
    case 'Int':
      return oneOf([8, 16, 32, 64], type.int32(0), name);
    case 'FloatingPoint':
      return 16 << oneOf([0, 1, 2], type.int16(0), name);
    case 'Bool':
      return 1;
    case 'Decimal':
      return oneOf([32, 64, 128, 256], type.int32(2, 128), name);
    case 'Date':
      return 32 << oneOf([0, 1], type.int16(0, 1), name);
    case 'Time':
      return oneOf([32, 64], type.int32(1, 32), name);
    case 'Timestamp':
      type.string(1);
      return 64;
    case 'Duration':
      return 64;
    case 'Interval':
      return [32, 64, 128][oneOf([0, 1, 2], type.int16(0), name)]!;
    case 'FixedSizeBinary':
      return 8 * type.int32(0);
    case 'Union':
      type.structs(1, 4, () => undefined);
      return 0;
    default:
      return 0;
  }
}

function oneOf(known: readonly number[], value: number, name: string): number {
  if (known.includes(value)) return value;
  throw new DamagedError(`the type of column "${name}" has the property ${value}, which Arrow does not know`);
}

function readBatch(batch: FlatTable): BatchLayout {
  const compression = batch.table(3);
  const pair = (view: DataView, at: number) => [count64(view, at), count64(view, at + 8)] as const;
  return {
    rows: batch.count(0),
    nodes: batch.structs(1, 16, pair).map(([length, nulls]) => ({ length, nulls })),
    buffers: batch.structs(2, 16, pair).map(([offset, length]) => ({ offset, length })),
    variadicCounts: batch.structs(4, 8, count64),
    codec: compression && (['LZ4', 'ZSTD'][compression.uint8(0)] ?? 'unknown'),
  };
}

/** Checks key-value metadata, which readers convert to a map. */
function readStrings(table: FlatTable, field: number): void {
  for (const entry of table.tables(field)) {
    entry.string(0);
    entry.string(1);
  }
}
