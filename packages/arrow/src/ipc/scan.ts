import type { FileHandle } from 'node:fs/promises';
import { readAt } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import type { Schema } from 'apache-arrow';
import { FileBlock } from 'apache-arrow/ipc/metadata/file';
import { Message } from 'apache-arrow/ipc/metadata/message';
import { type ArrowMessage, type ColumnType, readMessage } from './message.js';
import { MessageChecker, namingDamage, refuseRest } from './verified.js';

/** The contents of a sequence of encapsulated messages: the schema, and the places of the record batches. */
export interface MessageIndex {
  schema: Schema;
  /** The schema's columns, against which batches are checked. */
  columns: ColumnType[];
  blocks: FileBlock[];
  /** Rows of each block. */
  rows: number[];
  /** Whether the end-of-stream marker was found; without it the stream may be cut off. */
  complete: boolean;
}

/**
 * Scans the messages from byte `start` to `end` (default: to the end-of-stream marker or the end of the file), reading
 * metadata and skipping bodies.
 * @throws InputError if the bytes are not Arrow IPC, or a message is cut off or damaged
 */
export async function scanMessages(
  file: FileHandle,
  path: string,
  start = 0,
  end?: number,
): Promise<MessageIndex> {
  const size = end ?? (await file.stat()).size;
  const checker = new MessageChecker();
  const blocks: FileBlock[] = [];
  const rows: number[] = [];
  let first: { schema: Schema; columns: ColumnType[] } | undefined;
  let complete = false;
  for (let position = start; position < size && !complete; ) {
    const found = await readMetadata(file, path, position, size);
    if (found === null) {
      complete = true;
      if (end === undefined) refuseRest(path, size - position - 8);
      continue;
    }
    const { bytes, message, length } = found;
    const { header, bodyLength } = message;
    if (position + length + bodyLength > size) throw truncated(path, position);
    if (header.kind === 'dictionary')
      throw new InputError(`${path}: dictionary batches are not supported; write it without dictionaries`);
    namingDamage(path, () => checker.check(header, bodyLength));
    if (header.kind === 'schema') {
      const schema = namingDamage(path, () => Message.decode(bytes).header() as Schema);
      first = { schema, columns: header.columns };
    } else {
      blocks.push(new FileBlock(length, bodyLength, position));
      rows.push(header.batch.rows);
    }
    position += length + bodyLength;
  }
  if (!first) throw new InputError(`${path}: no Arrow schema at its start; is it cut off?`);
  return { ...first, blocks, rows, complete };
}

/** Rows of the record batch at `block`, after checking it against the schema's columns. */
export async function rowsOfBlock(
  file: FileHandle,
  path: string,
  { offset, metaDataLength, bodyLength }: FileBlock,
  checker: MessageChecker,
): Promise<number> {
  const found = await readMetadata(file, path, offset, offset + metaDataLength);
  const { message } = found ?? {};
  if (message?.header.kind !== 'batch' || message.bodyLength !== bodyLength) throw truncated(path, offset);
  namingDamage(path, () => checker.check(message.header, bodyLength));
  return message.header.batch.rows;
}

async function readMetadata(
  file: FileHandle,
  path: string,
  position: number,
  end: number,
): Promise<{ bytes: Buffer; message: ArrowMessage; length: number } | null> {
  const prefix = Buffer.alloc(8);
  if (position + 8 > end || (await readAt(file, path, prefix, position)) < 8) throw truncated(path, position);
  if (prefix.readInt32LE(0) !== -1)
    throw new InputError(`${path}: no Arrow message at byte ${position}; is it an Arrow file?`);
  const length = prefix.readInt32LE(4);
  if (length === 0) return null;
  if (length < 0 || position + 8 + length > end) throw truncated(path, position);
  const bytes = Buffer.alloc(length);
  if ((await readAt(file, path, bytes, position + 8)) < length) throw truncated(path, position);
  return { bytes, message: namingDamage(path, () => readMessage(bytes)), length: length + 8 };
}

function truncated(path: string, position: number): InputError {
  return new InputError(
    `${path}: cut off in the message at byte ${position}; make it again or copy it again`,
  );
}
