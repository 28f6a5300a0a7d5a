import { writevSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { ColumnBatch } from '../batch/column-batch.js';
import type { BatchPlace } from '../batch/place.js';
import { encodeListBatch, type ListField } from '../ipc/encode-columns.js';
import { type DatasetCounts, PLACE_KEY } from '../metadata.js';
import { countsOfColumns, listFields, rowsOf } from './counts.js';

/** What a sink needs to know about a record batch whose bytes stay with its maker. Survives structured cloning. */
export interface EncodedBatch {
  /** Number of rows. */
  rows: number;
  /** Their place in the whole input. */
  place: BatchPlace;
  /** Their contribution to the dataset's counts. */
  counts: DatasetCounts;
  /** Its columns. */
  fields: ListField[];
  /** Bytes of the message's prefix, metadata and its padding. */
  metadataLength: number;
  /** Bytes of the message's body, padding included. */
  bodyLength: number;
  /** CRC-32 of the whole message. */
  crc32: number;
}

/** A record batch that its maker, possibly another thread, writes at the position that the sink assigns. */
export interface SelfWritingBatch extends EncodedBatch {
  /**
   * Writes the message into an open file.
   * @param descriptor stays open until the promise has settled
   * @param position of the message's first byte
   */
  write(descriptor: number, position: number): Promise<void>;
}

/** Encodes columns as the message of a record batch; its body consists of views of them. */
export function encodeColumns(batch: ColumnBatch): { encoded: EncodedBatch; buffers: Uint8Array[] } {
  const { columns, place } = batch;
  const metadata = new Map([[PLACE_KEY, JSON.stringify(place)]]);
  const { buffers, metadataLength, bodyLength } = encodeListBatch(Object.values(columns), metadata);
  const encoded: EncodedBatch = {
    rows: rowsOf(batch),
    place,
    counts: countsOfColumns(batch),
    fields: listFields(columns),
    metadataLength,
    bodyLength,
    crc32: buffers.reduce((sum, buffer) => crc32(buffer, sum), 0),
  };
  return { encoded, buffers };
}

/** Writes buffers one after another into a file, from a position on. */
export function writeBuffers(descriptor: number, buffers: readonly Uint8Array[], position: number): void {
  let pending = buffers.filter(({ length }) => length > 0);
  for (let at = position; pending.length > 0; ) {
    const written = writevSync(descriptor, pending, at);
    at += written;
    pending = bytesAfter(pending, written);
  }
}

/** The buffers without their first `count` bytes. */
export function bytesAfter(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let skipped = 0;
  for (const [i, buffer] of buffers.entries()) {
    if (skipped + buffer.length > count) return [buffer.subarray(count - skipped), ...buffers.slice(i + 1)];
    skipped += buffer.length;
  }
  return [];
}
