import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { OUTPUT_BYTES, zlibOutput } from './zlib-output.js';

const MAGIC = 0xfd2fb528;
/** Node has these from 22.15 on. */
const { createZstdDecompress, zstdDecompressSync } = zlib as {
  createZstdDecompress?: (options: zlib.ZlibOptions) => Transform;
  zstdDecompressSync?: (bytes: Uint8Array, options: zlib.ZlibOptions) => Buffer;
};
/** Skippable frames have any of 16 magic numbers from this one on. */
const SKIPPABLE = 0x184d2a50;
/** The largest window accepted, as by `zstd -d` without `--long`. */
const MAX_WINDOW = 128 << 20;
/** Compressed bytes given to the decoder at a time. */
const PIECE_BYTES = 128 << 10;
/** Frames that hold less are decoded in one call. */
const SMALL_FRAME = 256 << 10;

/**
 * Decompresses all frames of Zstandard data (RFC 8878), on every version of Node; Node's own stream stops after the
 * first one (nodejs/node#64741). Skippable frames are skipped; sizes and checksums are checked against the content.
 * Memory is bounded by the window, at most 128 MiB.
 * @throws Error when the data is damaged, ends inside a frame, or is followed by something else
 */
export async function* zstdContent(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new ByteQueue(chunks);
  try {
    for (let isFirst = true; isFirst || (await input.available(1)) > 0; isFirst = false) {
      const magic = await input.peekUint32();
      if (magic >>> 4 === SKIPPABLE >>> 4) await skipFrame(input);
      else if (magic === MAGIC) yield* frameContent(input);
      else
        throw new Error(
          isFirst ? 'it does not begin with a zstd frame' : 'something else follows its last frame',
        );
    }
  } finally {
    await input.close();
  }
}

async function skipFrame(input: ByteQueue): Promise<void> {
  await input.take(4);
  for (let left = (await input.take(4)).readUInt32LE(); left > 0; ) {
    const step = Math.min(left, PIECE_BYTES);
    await input.take(step);
    left -= step;
  }
}

/** The header of a frame. */
interface FrameHeader {
  /** Its bytes, magic number included. */
  bytes: Buffer;
  /** Bytes of the frame's content, if stated. */
  contentSize: number | undefined;
  hasChecksum: boolean;
}

async function readHeader(input: ByteQueue): Promise<FrameHeader> {
  const start = Buffer.from(await input.take(5));
  const descriptor = start[4]!;
  const isSingleSegment = (descriptor & 32) !== 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  if ((descriptor & 8) !== 0) throw new Error('a reserved bit is set');
  if (dictionaryBytes > 0) throw new Error('it needs a dictionary');
  const window = isSingleSegment ? Buffer.alloc(0) : Buffer.from(await input.take(1));
  const size = await input.take(sizeBytes);
  const contentSize =
    sizeBytes === 0
      ? undefined
      : sizeBytes === 8
        ? Number(size.readBigUInt64LE())
        : size.readUIntLE(0, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const exponent = 2 ** (10 + (window[0]! >> 3));
  const windowSize = isSingleSegment ? contentSize! : exponent + (exponent / 8) * (window[0]! & 7);
  if (windowSize > MAX_WINDOW)
    throw new Error(
      `it needs a window of ${windowSize} bytes, more than ${MAX_WINDOW}: compress it without --long`,
    );
  return { bytes: Buffer.concat([start, window, size]), contentSize, hasChecksum: (descriptor & 4) !== 0 };
}

async function* frameContent(input: ByteQueue): AsyncGenerator<Uint8Array> {
  const header = await readHeader(input);
  const decode = createZstdDecompress ? decodeInNode : decodeInWebAssembly;
  let length = 0;
  for await (const bytes of decode(header, framePieces(header, input))) {
    length += bytes.length;
    if (length > (header.contentSize ?? length)) break;
    yield bytes;
  }
  if (length !== (header.contentSize ?? length)) throw new Error('its content is not as long as it says');
}

/** The bytes of a frame up to its end, some blocks at a time, each valid until the next is asked for. */
async function* framePieces(header: FrameHeader, input: ByteQueue): AsyncGenerator<Buffer> {
  const piece = new ByteBuffer();
  piece.append(header.bytes);
  let blocks = 0;
  for (let isLast = false; !isLast; ) {
    const blockHeader = await input.take(3);
    const bits = blockHeader.readUIntLE(0, 3);
    isLast = (bits & 1) === 1;
    const isRepeated = ((bits >> 1) & 3) === 1;
    piece.append(blockHeader);
    piece.append(await input.take(isRepeated ? 1 : bits >> 3));
    blocks++;
    if (isLast && header.hasChecksum) piece.append(await input.take(4));
    // A block of one repeated byte grows to 128 KiB, so the decoder is given few of those at a time.
    if (piece.length < PIECE_BYTES && blocks < 32 && !isLast) continue;
    yield piece.takeAll();
    blocks = 0;
  }
}

async function* decodeInNode(
  { contentSize }: FrameHeader,
  pieces: AsyncGenerator<Buffer>,
): AsyncGenerator<Uint8Array> {
  if (contentSize !== undefined && contentSize <= SMALL_FRAME) {
    const frame = new ByteBuffer();
    for await (const piece of pieces) frame.append(piece);
    yield zstdDecompressSync!(frame.takeAll(), { maxOutputLength: SMALL_FRAME + 1 });
    return;
  }
  const decoder = createZstdDecompress!({ chunkSize: OUTPUT_BYTES });
  const copies = async function* () {
    for await (const piece of pieces) yield Buffer.from(piece);
  };
  const fed = pipeline(Readable.from(copies(), { objectMode: false }), decoder);
  // Errors reach the reader of the decoder.
  fed.catch(() => {});
  yield* zlibOutput(decoder);
  await fed;
}

/** Before Node 22.15. */
async function* decodeInWebAssembly(
  _header: FrameHeader,
  pieces: AsyncGenerator<Buffer>,
): AsyncGenerator<Uint8Array> {
  const { zstdLibrary } = await import('./zstd-wasm.js');
  yield* (await zstdLibrary()).stream(pieces);
}

/** Decompresses data in one piece. */
export interface Decompressor {
  /**
   * @param size bytes of the content
   * @throws Error if it is damaged; the caller compares the size
   */
  decompress(bytes: Uint8Array, size: number): Uint8Array;
  /** Whether the next call uses the memory of a result again. */
  reusesMemory: boolean;
}

/** A decompressor of whole frames, on every version of Node. */
export async function zstdFrameDecompressor(): Promise<Decompressor> {
  if (zstdDecompressSync) {
    // In one piece, instead of many that are joined.
    const decompress = (bytes: Uint8Array, size: number) =>
      zstdDecompressSync(bytes, { maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) });
    return { decompress, reusesMemory: false };
  }
  const library = await (await import('./zstd-wasm.js')).ownZstdLibrary();
  return { decompress: (bytes, size) => library.decompress(bytes, size), reusesMemory: true };
}

/** A queue of bytes from chunks, taken in portions of any size. */
class ByteQueue {
  private readonly iterator: AsyncIterator<Uint8Array>;
  private readonly buffer = new ByteBuffer();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.iterator = chunks[Symbol.asyncIterator]();
  }

  /** Waits for `count` bytes and returns how many there are, fewer only at the end. */
  async available(count: number): Promise<number> {
    while (this.buffer.length < count) {
      const { value, done } = await this.iterator.next();
      if (done) break;
      this.buffer.append(value);
    }
    return Math.min(count, this.buffer.length);
  }

  async peekUint32(): Promise<number> {
    if ((await this.available(4)) < 4) throw new Error('it ends too early');
    return this.buffer.bytes.readUInt32LE();
  }

  /** Bytes that are valid until more are asked for. */
  async take(count: number): Promise<Buffer> {
    if (this.buffer.length < count && (await this.available(count)) < count)
      throw new Error('it ends too early');
    return this.buffer.take(count);
  }

  async close(): Promise<void> {
    await this.iterator.return?.();
  }
}

/** Bytes one after another in memory that is used again and again. */
class ByteBuffer {
  private memory = Buffer.alloc(0);
  private from = 0;
  private to = 0;

  get length(): number {
    return this.to - this.from;
  }

  /** Valid until the next are appended. */
  get bytes(): Buffer {
    return this.memory.subarray(this.from, this.to);
  }

  append(bytes: Uint8Array): void {
    if (this.to + bytes.length > this.memory.length) {
      const { bytes: held } = this;
      const needed = held.length + bytes.length;
      if (needed > this.memory.length) this.memory = Buffer.allocUnsafeSlow(2 * needed);
      this.memory.set(held);
      this.from = 0;
      this.to = held.length;
    }
    this.memory.set(bytes, this.to);
    this.to += bytes.length;
  }

  /** Takes the first bytes out; they are valid until the next are appended. */
  take(count: number): Buffer {
    this.from += count;
    return this.memory.subarray(this.from - count, this.from);
  }

  takeAll(): Buffer {
    return this.take(this.length);
  }
}
