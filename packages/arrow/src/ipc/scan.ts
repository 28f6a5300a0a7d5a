import type { FileHandle } from 'node:fs/promises';
import { InputError } from '@mlm/base/errors';
import { MessageHeader, type Schema } from 'apache-arrow';
import { FileBlock } from 'apache-arrow/ipc/metadata/file';
import { Message } from 'apache-arrow/ipc/metadata/message';

/** What stands in a sequence of encapsulated messages: their schema, and where the record batches lie. */
export interface MessageIndex {
  schema: Schema;
  blocks: FileBlock[];
  /** Rows of each block. */
  rows: number[];
  /** Whether the end-of-stream marker was found; without it the stream may be cut off. */
  complete: boolean;
}

/**
 * Walks over the messages from byte `start` to `end` (default: until the end-of-stream marker or the end of the file),
 * reading their metadata and skipping their bodies.
 * @throws InputError where the bytes are not Arrow IPC, or a message is cut off
 */
export async function scanMessages(
  file: FileHandle,
  path: string,
  start = 0,
  end?: number,
): Promise<MessageIndex> {
  const size = end ?? (await file.stat()).size;
  const index: { schema?: Schema } & Omit<MessageIndex, 'schema'> = { blocks: [], rows: [], complete: false };
  let position = start;
  while (position < size) {
    const message = await readMetadata(file, path, position, size);
    if (message === null) {
      index.complete = true;
      break;
    }
    const { header, length } = message;
    const next = position + length + header.bodyLength;
    if (next > size) throw truncated(path, position);
    if (header.headerType === MessageHeader.Schema) index.schema = header.header() as Schema;
    else if (header.headerType === MessageHeader.RecordBatch) {
      index.blocks.push(new FileBlock(length, header.bodyLength, position));
      index.rows.push((header.header() as { length: number }).length);
    } else throw new InputError(`${path}: dictionary batches are not read here`);
    position = next;
  }
  if (!index.schema) throw new InputError(`${path}: no Arrow schema at its start; is it cut off?`);
  return { ...index, schema: index.schema };
}

/** Rows of the record batch whose message stands at `block`. */
export async function rowsOfBlock(file: FileHandle, path: string, block: FileBlock): Promise<number> {
  const message = await readMetadata(file, path, block.offset, Number.POSITIVE_INFINITY);
  if (message?.header.headerType !== MessageHeader.RecordBatch) throw truncated(path, block.offset);
  return (message.header.header() as { length: number }).length;
}

async function readMetadata(file: FileHandle, path: string, position: number, end: number) {
  const prefix = Buffer.alloc(8);
  if (position + 8 > end || (await file.read(prefix, 0, 8, position)).bytesRead < 8)
    throw truncated(path, position);
  if (prefix.readInt32LE(0) !== -1)
    throw new InputError(`${path}: no Arrow message at byte ${position}; is it an Arrow file?`);
  const length = prefix.readInt32LE(4);
  if (length === 0) return null;
  if (length < 0 || position + 8 + length > end) throw truncated(path, position);
  const bytes = Buffer.alloc(length);
  if ((await file.read(bytes, 0, length, position + 8)).bytesRead < length) throw truncated(path, position);
  return { header: Message.decode(bytes), length: length + 8 };
}

function truncated(path: string, position: number): InputError {
  return new InputError(
    `${path}: cut off in the message at byte ${position}; make it again or copy it again`,
  );
}
