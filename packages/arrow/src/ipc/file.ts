import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '@mlm/base/errors';
import { type RecordBatch, RecordBatchReader, Schema } from 'apache-arrow';
import { type FileBlock, Footer } from 'apache-arrow/ipc/metadata/file';
import { encodeSchema, MAGIC } from './encode.js';
import { rowsOfBlock, scanMessages } from './scan.js';

/** Random access to the record batches of one Arrow IPC file or stream on disk. */
export class ArrowFile {
  private readonly leading: Uint8Array;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    readonly schema: Schema,
    private readonly blocks: FileBlock[],
    /** Rows of each batch. */
    readonly rows: number[],
    /** Whether its end is there: a footer, or a stream's end marker. */
    readonly complete: boolean,
  ) {
    // Each batch is decoded as a stream of its own; the schema's metadata may be large and is left out of it.
    this.leading = encodeSchema(new Schema(schema.fields)).buffers[0]!;
  }

  /** @throws InputError when the file does not exist, is no Arrow file or is cut off */
  static async open(path: string): Promise<ArrowFile> {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new InputError(`${path}: no such file`);
      throw new InputError(`${path}: cannot be read (${error.code ?? error.message})`);
    });
    try {
      const head = Buffer.alloc(8);
      await file.read(head, 0, 8, 0);
      if (head.subarray(0, 6).equals(MAGIC)) return await ArrowFile.openFile(path, file);
      if (head.readInt32LE(0) !== -1)
        throw new InputError(
          `${path}: not an Arrow file (it begins with neither ARROW1 nor a schema message)`,
        );
      const { schema, blocks, rows, complete } = await scanMessages(file, path);
      return new ArrowFile(path, file, schema, blocks, rows, complete);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private static async openFile(path: string, file: FileHandle): Promise<ArrowFile> {
    const { size } = await file.stat();
    const tail = Buffer.alloc(10);
    await file.read(tail, 0, 10, Math.max(0, size - 10));
    const footerLength = tail.readInt32LE(0);
    if (!tail.subarray(4).equals(MAGIC) || footerLength <= 0 || footerLength > size - 18)
      throw new InputError(
        `${path}: its footer is missing: the file is cut off; make it again or copy it again`,
      );
    const bytes = Buffer.alloc(footerLength);
    await file.read(bytes, 0, footerLength, size - 10 - footerLength);
    const footer = Footer.decode(bytes);
    const blocks = [...footer.recordBatches()];
    const rows: number[] = [];
    for (const block of blocks) rows.push(await rowsOfBlock(file, path, block));
    return new ArrowFile(path, file, footer.schema, blocks, rows, true);
  }

  /** Reads one batch; its columns are views of one buffer of its own. */
  async batch(index: number): Promise<RecordBatch> {
    const block = this.blocks[index];
    if (!block) throw new RangeError(`batch ${index} of ${this.blocks.length}`);
    const length = block.metaDataLength + block.bodyLength;
    const bytes = Buffer.allocUnsafeSlow(this.leading.length + length);
    bytes.set(this.leading);
    const { bytesRead } = await this.file.read(bytes, this.leading.length, length, block.offset);
    if (bytesRead < length) throw new InputError(`${this.path}: cut off in batch ${index}`);
    const batch = RecordBatchReader.from(bytes).next().value;
    if (!batch) throw new InputError(`${this.path}: batch ${index} cannot be decoded`);
    return batch;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
