import { type FileHandle, open } from 'node:fs/promises';
import { readAt } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import { type RecordBatch, RecordBatchReader, Schema } from 'apache-arrow';
import { FileBlock, Footer } from 'apache-arrow/ipc/metadata/file';
import { int8Memory } from '../batch/memory.js';
import { encodeSchema } from './encode.js';
import { DamagedError } from './flatbuffer.js';
import { MAGIC } from './framing.js';
import { readFooter, readMessage } from './message.js';
import { type MessageIndex, rowsOfBlock, scanMessages } from './scan.js';
import { MessageChecker, namingDamage, refuseFeather, refuseRest } from './verified.js';

/**
 * Random access to the record batches of an Arrow IPC file or stream on disk. Everything is verified before it is read.
 */
export class ArrowFile {
  private readonly leading: Uint8Array;
  private readonly checker: MessageChecker;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly index: MessageIndex,
  ) {
    // Each batch is decoded as a separate stream, without the schema's metadata, which may be large.
    this.leading = encodeSchema(new Schema(index.schema.fields)).buffers[0]!;
    this.checker = new MessageChecker(index.columns);
  }

  /** @throws InputError if the file does not exist, is not an Arrow file, or is cut off or damaged */
  static async open(path: string): Promise<ArrowFile> {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new InputError(`${path}: no such file`);
      throw new InputError(`${path}: cannot be read (${error.code ?? error.message})`);
    });
    try {
      const head = Buffer.alloc(8);
      await readAt(file, path, head, 0);
      refuseFeather(path, head);
      if (head.subarray(0, 6).equals(MAGIC)) return new ArrowFile(path, file, await readIndex(path, file));
      if (head.readInt32LE(0) !== -1)
        throw new InputError(
          `${path}: not an Arrow file (it begins with neither ARROW1 nor a schema message)`,
        );
      return new ArrowFile(path, file, await scanMessages(file, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get schema(): Schema {
    return this.index.schema;
  }

  /** Rows of each batch. */
  get rows(): number[] {
    return this.index.rows;
  }

  /** Whether the file has its end: a footer, or a stream's end marker. */
  get complete(): boolean {
    return this.index.complete;
  }

  /**
   * Reads one batch; its columns are views of a single buffer, which can be returned with `giveBackMemory`.
   * @throws InputError if it is damaged
   */
  async batch(index: number): Promise<RecordBatch> {
    const block = this.index.blocks[index];
    if (!block) throw new RangeError(`batch ${index} of ${this.index.blocks.length}`);
    const length = block.metaDataLength + block.bodyLength;
    const size = this.leading.length + length;
    const bytes = Buffer.from(int8Memory(size).buffer, 0, size);
    bytes.set(this.leading);
    const read = await readAt(this.file, this.path, bytes.subarray(this.leading.length), block.offset);
    if (read < length) throw new InputError(`${this.path}: cut off in batch ${index}`);
    return namingDamage(this.path, () => {
      const message = bytes.subarray(this.leading.length);
      const { header } = readMessage(message.subarray(8, block.metaDataLength));
      this.checker.check(header, message.subarray(block.metaDataLength));
      const { value } = RecordBatchReader.from(bytes).next();
      if (!value) throw new DamagedError(`batch ${index} holds nothing`);
      return value as RecordBatch;
    });
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

const MOST_PADDING = 64;

const blockEnd = ({ offset, metaDataLength, bodyLength }: FileBlock): number =>
  offset + metaDataLength + bodyLength;

/** The end of a file's first message, the schema, which follows the magic and two bytes of padding. */
async function schemaEnd(file: FileHandle, path: string): Promise<number> {
  const prefix = Buffer.alloc(8);
  await readAt(file, path, prefix, 8);
  return 16 + Math.max(0, prefix.readInt32LE(4));
}

/** Reads the footer of a file. */
async function readIndex(path: string, file: FileHandle): Promise<MessageIndex> {
  const { size } = await file.stat();
  const tail = Buffer.alloc(10);
  await readAt(file, path, tail, Math.max(0, size - 10));
  const footerLength = tail.readInt32LE(0);
  if (!tail.subarray(4).equals(MAGIC) || footerLength <= 0 || footerLength > size - 18)
    throw new InputError(
      `${path}: its footer is missing: the file is cut off; make it again or copy it again`,
    );
  const bytes = Buffer.alloc(footerLength);
  const start = size - 10 - footerLength;
  await readAt(file, path, bytes, start);
  const { columns, batches, dictionaries } = namingDamage(path, () => readFooter(bytes, start));
  if (dictionaries.length > 0)
    throw new InputError(`${path}: dictionary batches are not supported; write it without dictionaries`);
  const schema = namingDamage(path, () => Footer.decode(bytes).schema);
  const checker = new MessageChecker(columns);
  const blocks = batches.map((block) => new FileBlock(block.metadataLength, block.bodyLength, block.offset));
  const rows: number[] = [];
  for (const block of blocks) rows.push(await rowsOfBlock(file, path, block, checker));
  const end = Math.max(await schemaEnd(file, path), ...blocks.map(blockEnd));
  // Only an end marker and padding may precede the footer.
  if (start - end > MOST_PADDING) refuseRest(path, start - end);
  return { schema, columns, blocks, rows, complete: true };
}
