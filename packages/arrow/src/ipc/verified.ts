import { InputError } from '@mlm/base/errors';
import { checkBatch, checkDictionary } from './check-batch.js';
import { type BufferDecompressor, decompressBatch, withLayout } from './decompress.js';
import { DamagedError, UnsupportedError } from './flatbuffer.js';
import { MAGIC } from './framing.js';
import { ColumnFilter } from './leave-out.js';
import { type ColumnType, type MessageHeader, readMessage } from './message.js';

/**
 * Turns an error of the verifier, or of arrow-js after it, into one line that names the file.
 * @throws InputError instead of a {@link DamagedError} or an error in arrow-js
 */
export function namingDamage<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError || !(error instanceof Error)) throw error;
    throw damage(path, error);
  }
}

function damage(path: string, error: Error): InputError {
  if (error instanceof UnsupportedError) return new InputError(`${path}: ${error.message}`);
  const reason = error instanceof DamagedError ? error.message : 'it cannot be decoded as Arrow';
  return new InputError(`${path}: not a whole Arrow file (${reason}); make it again or copy it again`);
}

/** Checks messages against the schema, which comes first. */
export class MessageChecker {
  private columns: ColumnType[] | undefined;
  private readonly dictionaries = new Map<bigint, ColumnType>();

  constructor(columns?: ColumnType[]) {
    if (columns) this.setColumns(columns);
  }

  /** @throws DamagedError if header and body do not fit each other or the schema */
  check(header: MessageHeader, body: Uint8Array | number): void {
    if (header.kind === 'schema') {
      if (this.columns) throw new DamagedError('a second schema follows the first');
      this.setColumns(header.columns);
      return;
    }
    if (!this.columns) throw new DamagedError('it does not start with a schema');
    if (header.kind === 'batch') {
      checkBatch(this.columns, header.batch, body);
      return;
    }
    const column = this.dictionaries.get(header.id);
    if (!column) throw new DamagedError(`no column uses the dictionary ${header.id}`);
    checkDictionary(column, header.batch, body);
  }

  private setColumns(columns: ColumnType[]): void {
    this.columns = columns;
    const pending = [...columns];
    for (let column = pending.pop(); column; column = pending.pop()) {
      if (column.dictionary) this.dictionaries.set(column.dictionary.id, column);
      for (const child of column.children) pending.push(child);
    }
  }
}

/**
 * Yields the messages of an Arrow stream, whole and verified, for `RecordBatchReader.from`. Also takes a file, which is
 * a stream between the magic and the footer. Holds one message at a time in memory, however long the input is and
 * whatever lengths it claims.
 *
 * @param chunks the bytes, in pieces of any size
 * @param path names the input in messages
 * @param decompress decompresses buffers; messages are then yielded uncompressed. Default: compressed messages are
 * refused
 * @param wanted the column that is read of them: those of types that arrow-js lacks (unions, run-end encoded columns, list
 * views) are then left out, unless it is one of them. Default: all are read, and such columns refused
 * @throws InputError if the input is damaged, cut off in a message, a file without its end, or compressed without `decompress`
 *
 * @example
 * ```ts
 * import { createReadStream } from 'node:fs';
 * import { verifiedMessages } from '@mlm/arrow';
 * import { RecordBatchReader } from 'apache-arrow';
 *
 * const path = 'rows.arrows';
 * for await (const batch of await RecordBatchReader.from(verifiedMessages(createReadStream(path), path))) {
 *   console.log(batch.numRows);
 * }
 * ```
 */
export async function* verifiedMessages(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  decompress?: BufferDecompressor,
  wanted?: string,
): AsyncGenerator<Uint8Array> {
  const reader = new ChunkReader(chunks, path);
  const filter = wanted === undefined ? undefined : new ColumnFilter(wanted);
  const checker = new MessageChecker();
  const head = await reader.read(8);
  if (head) refuseFeather(path, head);
  const isFile = head !== undefined && MAGIC.equals(head.subarray(0, MAGIC.length));
  let prefix = isFile ? await reader.read(8) : head;
  if (!prefix) throw damage(path, new DamagedError('it does not start with a schema'));
  while (prefix) {
    if (prefix.readInt32LE(0) !== -1)
      throw damage(path, new DamagedError('there is no message where one should begin'));
    const length = prefix.readInt32LE(4);
    // In a file, the end of the stream is followed by the footer, its length and the magic.
    if (length === 0) {
      const rest = await reader.rest(10);
      if (isFile && !MAGIC.equals(rest.last.subarray(-MAGIC.length)))
        throw damage(path, new DamagedError('its end is missing'));
      const footer = isFile ? 10 + Math.max(0, rest.last.readInt32LE(0)) : 0;
      refuseRest(path, rest.length - footer);
      yield prefix;
      return;
    }
    if (length < 0) throw damage(path, new DamagedError('a message has a negative length'));
    const metadata = await reader.whole(length);
    const { header, bodyLength } = namingDamage(path, () => readMessage(metadata));
    const body = await reader.whole(bodyLength);
    if (header.kind !== 'dictionary' || filter?.leavesOut(header.id) !== true)
      yield namingDamage(path, () => {
        if (header.kind === 'schema') {
          const schema = filter?.schema(metadata, header.columns) ?? metadata;
          checker.check(schema === metadata ? header : readMessage(schema).header, body);
          return Buffer.concat([prefix!, schema, body]);
        }
        const filtered = header.kind === 'batch' ? filter?.batch(header.batch) : undefined;
        const batch = filtered ?? header.batch;
        if (!filtered && (batch.codec === undefined || !decompress)) {
          checker.check(header, body);
          return Buffer.concat([prefix!, metadata, body]);
        }
        const plain =
          batch.codec !== undefined && decompress
            ? decompressBatch(batch, body, decompress)
            : { batch, body };
        checker.check({ ...header, batch: plain.batch }, plain.body);
        return Buffer.concat([withLayout(metadata, plain.batch, plain.body.length), plain.body]);
      });
    prefix = await reader.read(8);
  }
  // A stream may end without a mark; a file that does has lost its last batches.
  if (isFile) throw damage(path, new DamagedError('its end is missing'));
}

/**
 * Refuses the first version of Feather, another format whose files have the same names.
 * @param head the first bytes of a file
 * @throws InputError that says how to convert it
 */
export function refuseFeather(path: string, head: Buffer): void {
  if (head.toString('latin1', 0, 4) !== 'FEA1') return;
  throw new InputError(
    `${path}: is a file of Feather V1, expected Arrow; convert it: python -c "import pandas as p; p.read_feather('${path}').to_feather('converted.arrow')"`,
  );
}

/**
 * Refuses files that were concatenated, since all but the first would be lost silently.
 * @param bytes the number of bytes after what a reader takes for the end
 * @throws InputError if there are any
 */
export function refuseRest(path: string, bytes: number): void {
  if (bytes <= 0) return;
  throw new InputError(
    `${path}: ${bytes} bytes follow its end, as if several files had been joined; name each of them instead`,
  );
}

/** Reads given numbers of bytes from chunks; memory grows with the bytes that arrive, not with those requested. */
class ChunkReader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private ahead: Uint8Array = new Uint8Array(0);

  constructor(
    chunks: AsyncIterable<Uint8Array>,
    private readonly path: string,
  ) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next `count` bytes; `undefined` at the end. */
  async read(count: number): Promise<Buffer | undefined> {
    const parts: Uint8Array[] = [];
    for (let missing = count; missing > 0; ) {
      if (this.ahead.length === 0) {
        const next = await this.chunks.next();
        if (next.done) {
          if (missing === count) return undefined;
          throw cutOff(this.path);
        }
        this.ahead = next.value;
      }
      const part = this.ahead.subarray(0, missing);
      parts.push(part);
      missing -= part.length;
      this.ahead = this.ahead.subarray(part.length);
    }
    return Buffer.concat(parts, count);
  }

  /** The number of bytes left, and the last `count` of them. */
  async rest(count: number): Promise<{ length: number; last: Buffer }> {
    let [length, last] = [this.ahead.length, Buffer.from(this.ahead.subarray(-count))];
    for (let next = await this.chunks.next(); !next.done; next = await this.chunks.next()) {
      length += next.value.length;
      last = Buffer.concat([last, next.value.subarray(-count)]).subarray(-count);
    }
    return { length, last };
  }

  async whole(count: number): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    const bytes = await this.read(count);
    if (!bytes) throw cutOff(this.path);
    return bytes;
  }
}

function cutOff(path: string): InputError {
  return damage(path, new DamagedError('it is cut off in a message'));
}
