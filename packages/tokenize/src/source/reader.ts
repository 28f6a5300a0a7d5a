import { closeSync, createReadStream, read } from 'node:fs';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { readError } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import { decompressed } from '../formats/compression.js';
import type { InputFile, InputReader } from '../formats/format.js';
import { StoreReader } from '../stores/reader.js';
import { openFile, readFully, refuseChanged } from './bytes.js';
import { named } from './foreign.js';

/** Bytes read from disk at a time. */
const CHUNK_BYTES = 256 << 10;

/** Opens a file, a pipe or standard input lazily: nothing is touched until something is read. */
export function openReader(file: InputFile): InputReader {
  return new FileReader(file);
}

class FileReader implements InputReader {
  /** Bytes read from a file or pipe of this machine. */
  private localBytes = 0;
  private readonly store: StoreReader | undefined;
  private content: AsyncGenerator<Uint8Array> | undefined;
  /** Chunks that `head` has taken from the content. */
  private readonly looked: Uint8Array[] = [];
  private descriptor: number | undefined;

  /** Named as in messages. */
  readonly file: InputFile;

  constructor(private readonly listed: InputFile) {
    const { path, stored } = listed;
    this.file = path === '-' ? { ...listed, path: named(path), isStream: true } : listed;
    this.store = stored && new StoreReader(listed, stored);
  }

  get bytesRead(): number {
    return this.store?.bytesRead ?? this.localBytes;
  }

  async head(length: number): Promise<Uint8Array> {
    this.content ??= this.read();
    let missing = length - this.looked.reduce((sum, chunk) => sum + chunk.length, 0);
    while (missing > 0) {
      const { value, done } = await this.content.next();
      if (done) break;
      this.looked.push(Uint8Array.from(value));
      missing -= value.length;
    }
    const bytes = Buffer.concat(this.looked);
    this.looked.splice(0, this.looked.length, ...(bytes.length > 0 ? [bytes] : []));
    return bytes.subarray(0, length);
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    this.content ??= this.read();
    try {
      yield* this.looked.splice(0);
      yield* this.content;
    } finally {
      await this.content.return(undefined);
    }
  }

  async readInto(bytes: Uint8Array, from: number): Promise<void> {
    if (this.store) {
      bytes.set(await this.store.readAt(from, from + bytes.length));
      return;
    }
    this.descriptor ??= openFile(this.file);
    readFully(this.descriptor, this.file, bytes, from);
    this.localBytes += bytes.length;
  }

  async readAt(from: number, to: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(to - from);
    await this.readInto(bytes, from);
    return bytes;
  }

  async close(): Promise<void> {
    await this.content?.return(undefined);
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private async *read(): AsyncGenerator<Uint8Array> {
    try {
      yield* decompressed(this.disk(), this.file);
    } catch (error) {
      throw readError(error, this.file.path);
    }
  }

  /** The bytes as they are stored, still compressed; if they are, each chunk is valid until the next is asked for. */
  private disk(): AsyncGenerator<Uint8Array> {
    if (this.store) return this.store.chunks();
    return this.file.isStream === true ? this.piped() : this.stored();
  }

  private async *piped(): AsyncGenerator<Uint8Array> {
    const { path } = this.listed;
    const stream: Readable = path === '-' ? process.stdin : createReadStream(path);
    try {
      for await (const chunk of stream) {
        this.localBytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw readError(error, path);
    } finally {
      stream.destroy();
    }
  }

  private async *stored(): AsyncGenerator<Uint8Array> {
    const { file } = this;
    const descriptor = openFile(file);
    const isKept = file.compression === 'none';
    let buffer = Buffer.alloc(0);
    try {
      while (this.localBytes < file.size) {
        const length = Math.min(CHUNK_BYTES, file.size - this.localBytes);
        if (isKept || buffer.length < length) buffer = Buffer.allocUnsafe(length);
        const { bytesRead } = await readAsync(descriptor, { buffer, length, position: this.localBytes });
        refuseChanged(descriptor, file);
        if (bytesRead === 0)
          throw new InputError(
            `${file.path}: is shorter than its size says; run again once nothing writes to it`,
          );
        this.localBytes += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw readError(error, file.path);
    } finally {
      closeSync(descriptor);
    }
  }
}

const readAsync = promisify(read);
