import { Builder } from 'flatbuffers/js/builder.js';
import type { ListColumn } from '../batch/column.js';
import type { SchemaMetadata } from '../metadata-text.js';
import { type EncodedMessage, frameFooter, frameMessage, frameMetadata } from './framing.js';
import type { BlockPlace } from './message.js';

/** A column of nullable lists of nullable integers. */
export interface ListField {
  name: string;
  bits: 8 | 32;
}

// Constants of Arrow's Schema.fbs, Message.fbs and File.fbs: version, message kinds, type kinds.
const V5 = 4;
const SCHEMA_HEADER = 1;
const BATCH_HEADER = 3;
const INT = 2;
const LIST = 12;
const ZERO = BigInt(0);

/*
 * The messages of list columns without arrow-js, whose import takes longer than a short run needs for all else. Tables are
 * built in arrow-js's order, so that the bytes are the same.
 */

/** The schema message. */
export function encodeListSchema(fields: readonly ListField[], metadata: SchemaMetadata): EncodedMessage {
  const builder = new Builder(roomFor(metadata));
  const schema = addSchema(builder, fields, metadata);
  return frameMessage(finishMessage(builder, SCHEMA_HEADER, schema, 0, new Map()), []);
}

/** The message of a record batch. The columns must have the same rows and no nulls; they are not copied. */
export function encodeListBatch(
  columns: readonly ListColumn[],
  metadata: ReadonlyMap<string, string>,
): EncodedMessage {
  const nodes: number[] = [];
  const body: ArrayBufferView[] = [];
  for (const { values, offsets } of columns) {
    const first = offsets[0]!;
    const end = offsets.at(-1)!;
    nodes.push(offsets.length - 1, end - first);
    // Empty validity bitmaps: neither lists nor values have nulls.
    const own = first === 0 ? offsets : offsets.map((offset) => offset - first);
    body.push(new Uint8Array(0), own, new Uint8Array(0), values.subarray(first, end));
  }
  const builder = new Builder();
  builder.startVector(16, nodes.length, 8);
  for (const length of nodes.toReversed()) addPair(builder, length, 0);
  const nodesAt = builder.endVector();
  const regions: { offset: number; length: number }[] = [];
  let bodyLength = 0;
  for (const { byteLength } of body) {
    const length = (byteLength + 7) & ~7;
    regions.push({ offset: bodyLength, length });
    bodyLength += length;
  }
  builder.startVector(16, regions.length, 8);
  for (const { offset, length } of regions.toReversed()) addPair(builder, offset, length);
  const regionsAt = builder.endVector();
  builder.startObject(5);
  builder.addFieldInt64(0, BigInt(nodes[0] ?? 0), ZERO);
  builder.addFieldOffset(1, nodesAt, 0);
  builder.addFieldOffset(2, regionsAt, 0);
  const batch = builder.endObject();
  return frameMessage(finishMessage(builder, BATCH_HEADER, batch, bodyLength, metadata), body);
}

/** Everything that follows the last batch of a file. */
export function encodeListFooter(
  fields: readonly ListField[],
  metadata: SchemaMetadata,
  blocks: readonly BlockPlace[],
): Uint8Array[] {
  const builder = new Builder(roomFor(metadata));
  const schema = addSchema(builder, fields, metadata);
  builder.startVector(24, blocks.length, 8);
  for (const { offset, metadataLength, bodyLength } of blocks.toReversed()) {
    builder.prep(8, 24);
    builder.writeInt64(BigInt(bodyLength));
    builder.pad(4);
    builder.writeInt32(metadataLength);
    builder.writeInt64(BigInt(offset));
  }
  const batches = builder.endVector();
  builder.startVector(24, 0, 8);
  const dictionaries = builder.endVector();
  builder.startObject(5);
  builder.addFieldOffset(1, schema, 0);
  builder.addFieldInt16(0, V5, 0);
  builder.addFieldOffset(3, batches, 0);
  builder.addFieldOffset(2, dictionaries, 0);
  builder.finish(builder.endObject());
  return frameFooter(builder.asUint8Array());
}

function finishMessage(
  builder: Builder,
  kind: number,
  header: number,
  bodyLength: number,
  metadata: ReadonlyMap<string, string>,
): Uint8Array {
  const entries = addMetadata(builder, metadata);
  builder.startObject(5);
  builder.addFieldInt16(0, V5, 0);
  builder.addFieldOffset(2, header, 0);
  builder.addFieldInt8(1, kind, 0);
  builder.addFieldInt64(3, BigInt(bodyLength), ZERO);
  if (entries !== undefined) builder.addFieldOffset(4, entries, 0);
  builder.finish(builder.endObject());
  return frameMetadata(builder.asUint8Array());
}

function addSchema(builder: Builder, fields: readonly ListField[], metadata: SchemaMetadata): number {
  const added = fields.map(({ name, bits }) => addListField(builder, name, bits));
  const fieldsAt = addOffsets(builder, added);
  const entries = addMetadata(builder, metadata);
  builder.startObject(4);
  builder.addFieldOffset(1, fieldsAt, 0);
  if (entries !== undefined) builder.addFieldOffset(2, entries, 0);
  return builder.endObject();
}

function addListField(builder: Builder, name: string, bits: number): number {
  builder.startObject(0);
  const list = builder.endObject();
  builder.startObject(2);
  builder.addFieldInt32(0, bits, 0);
  builder.addFieldInt8(1, 1, 0);
  const int = builder.endObject();
  const item = addField(builder, 'item', INT, int, []);
  return addField(builder, name, LIST, list, [item]);
}

function addField(
  builder: Builder,
  name: string,
  kind: number,
  type: number,
  children: readonly number[],
): number {
  const childrenAt = addOffsets(builder, children);
  const nameAt = name === '' ? undefined : builder.createString(name);
  builder.startObject(7);
  builder.addFieldOffset(3, type, 0);
  builder.addFieldInt8(2, kind, 0);
  builder.addFieldOffset(5, childrenAt, 0);
  builder.addFieldInt8(1, 1, 0);
  if (nameAt !== undefined) builder.addFieldOffset(0, nameAt, 0);
  return builder.endObject();
}

/** Estimated bytes of a schema with this metadata, since growing a builder copies its contents. */
function roomFor(metadata: SchemaMetadata): number {
  let room = 1 << 10;
  for (const [key, value] of metadata) room += key.length + Math.ceil(1.25 * value.length);
  return room;
}

function addMetadata(builder: Builder, metadata: SchemaMetadata): number | undefined {
  if (metadata.size === 0) return undefined;
  const entries = [...metadata].map(([key, value]) => {
    const keyAt = builder.createString(key);
    const valueAt = builder.createString(value);
    builder.startObject(2);
    builder.addFieldOffset(0, keyAt, 0);
    builder.addFieldOffset(1, valueAt, 0);
    return builder.endObject();
  });
  return addOffsets(builder, entries);
}

function addOffsets(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}

/** Adds a struct of two 64-bit numbers. */
function addPair(builder: Builder, first: number, second: number): void {
  builder.prep(8, 16);
  builder.writeInt64(BigInt(second));
  builder.writeInt64(BigInt(first));
}
