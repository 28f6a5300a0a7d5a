import { type FileHandle, open } from 'node:fs/promises';
import { END_OF_STREAM, type EncodedMessage, LEADING_MAGIC } from '../ipc/framing.js';
import type { BlockPlace } from '../ipc/message.js';
import type { SchemaMetadata } from '../metadata-text.js';
import { LEAST_DIRECT_BYTES, openDirect } from './direct.js';
import type { RowColumns, SinkMessage } from './encodable.js';
import { bytesAfter, lengthOf } from './write.js';

/** The two Arrow IPC formats: a file (footer, random access) or a stream. */
export type ArrowFormat = 'file' | 'stream';

/** Writes encoded record batches one after another into a file on disk, without copying them. */
export class ArrowWriter {
  /** The same file for direct I/O, opened with the first message that is long enough for it. */
  private direct: FileHandle | undefined;
  private hasTriedDirect = false;
  /** Pending writes of messages that write themselves; these promises never reject. */
  private readonly writing = new Set<Promise<void>>();
  /** The error of the first one that failed. */
  private failure: Error | undefined;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly format: ArrowFormat,
    private position: number,
    private readonly blocks: BlockPlace[],
  ) {}

  /** Begins a new file with its schema. */
  static async create(
    path: string,
    format: ArrowFormat,
    schema: EncodedMessage,
  ): Promise<{ writer: ArrowWriter; buffers: Uint8Array[] }> {
    const file = await open(path, 'w');
    const writer = new ArrowWriter(path, file, format, 0, []);
    const buffers = format === 'file' ? [LEADING_MAGIC, ...schema.buffers] : schema.buffers;
    await writer.append(buffers);
    return { writer, buffers };
  }

  /** Continues a file that {@link create} began, after truncating it to `end` bytes. */
  static async resume(
    path: string,
    format: ArrowFormat,
    end: number,
  ): Promise<{ writer: ArrowWriter; columns: RowColumns; metadata: SchemaMetadata }> {
    // The file may have other columns than plain ones, so arrow-js reads its schema.
    const [{ scanMessages }, { recordColumns }] = await Promise.all([
      import('../ipc/scan.js'),
      import('./record-rows.js'),
    ]);
    const file = await open(path, 'r+');
    await file.truncate(end);
    const { schema, blocks } = await scanMessages(
      file,
      path,
      format === 'file' ? LEADING_MAGIC.length : 0,
      end,
    );
    const places = blocks.map(({ offset, metaDataLength, bodyLength }) => ({
      offset,
      metadataLength: metaDataLength,
      bodyLength,
    }));
    const writer = new ArrowWriter(path, file, format, end, places);
    return { writer, columns: recordColumns(schema.fields), metadata: schema.metadata };
  }

  /** Bytes written so far. */
  get end(): number {
    return this.position;
  }

  /** Appends a message. One that writes itself may still be writing when this resolves. */
  async write(message: SinkMessage): Promise<void> {
    if (this.failure) throw this.failure;
    const { metadataLength, bodyLength } = message;
    const offset = this.position;
    this.blocks.push({ offset, metadataLength, bodyLength });
    if ('buffers' in message) await this.append(message.buffers);
    else {
      this.position += metadataLength + bodyLength;
      if (!this.hasTriedDirect && bodyLength >= LEAST_DIRECT_BYTES) {
        this.hasTriedDirect = true;
        this.direct = await openDirect(this.path);
      }
      this.watch(message.write(this.file.fd, offset, this.direct?.fd));
    }
  }

  /** Writes what follows the last batch; `metadata` goes into a file's footer. */
  async finish(columns: RowColumns, metadata: SchemaMetadata): Promise<Uint8Array[]> {
    const buffers = this.format === 'file' ? columns.encodeFooter(metadata, this.blocks) : [END_OF_STREAM];
    await this.append(buffers);
    return buffers;
  }

  /** Syncs everything written so far to disk. */
  async sync(): Promise<void> {
    await Promise.all(this.writing);
    if (this.failure) throw this.failure;
    await this.file.datasync().catch((error: Error) => {
      // The system tells it once: what follows must not count as being on disk.
      this.failure = error;
      this.addPath(error);
    });
  }

  /** Closes the file once all writes have ended. */
  async close(): Promise<void> {
    await Promise.all(this.writing);
    await this.direct?.close();
    await this.file.close();
  }

  private watch(write: Promise<void>): void {
    const watched: Promise<void> = write
      .catch(this.addPath)
      .catch((error: Error) => {
        this.failure ??= error;
      })
      .finally(() => this.writing.delete(watched));
    this.writing.add(watched);
  }

  private async append(buffers: Uint8Array[]): Promise<void> {
    const total = lengthOf(buffers);
    let pending = buffers;
    let written = 0;
    while (written < total) {
      const { bytesWritten } = await this.file.writev(pending, this.position + written).catch(this.addPath);
      written += bytesWritten;
      if (written < total) pending = bytesAfter(pending, bytesWritten);
    }
    this.position += total;
  }

  /** Errors of a file handle do not name the file. */
  private readonly addPath = (error: NodeJS.ErrnoException): never => {
    error.path ??= this.path;
    throw error;
  };
}
