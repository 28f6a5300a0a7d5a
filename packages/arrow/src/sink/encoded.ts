import { crc32 } from 'node:zlib';
import type { ColumnBatch } from '../batch/column-batch.js';
import type { BatchPlace } from '../batch/place.js';
import { encodeListBatch, type ListField } from '../ipc/encode-columns.js';
import { type DatasetCounts, PLACE_KEY } from '../metadata.js';
import { countsOfColumns, listFields, rowsOf } from './counts.js';

export { DirectWriter } from './direct.js';
export { writeBuffers } from './write.js';

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
   * @param direct the same file, opened for direct I/O; undefined where its file system has none
   */
  write(descriptor: number, position: number, direct?: number): Promise<void>;
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
