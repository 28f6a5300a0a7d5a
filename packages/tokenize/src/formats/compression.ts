import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { damage } from './damage.js';
import type { InputFile } from './format.js';
import { OUTPUT_BYTES, zlibOutput } from './zlib-output.js';
import { zstdContent } from './zstd.js';

/** Compressions of whole files, by extension. */
export const compressions: ReadonlyMap<string, InputFile['compression']> = new Map([
  ['gz', 'gzip'],
  ['zst', 'zstd'],
]);

/**
 * The content of a file that may be compressed, in chunks; memory is bounded, whatever its size.
 * @param chunks - its bytes; each is needed only until the next is asked for
 * @throws InputError if they cannot be decompressed
 */
export function decompressed(
  chunks: AsyncIterable<Uint8Array>,
  file: Pick<InputFile, 'path' | 'compression'>,
): AsyncIterable<Uint8Array> {
  return file.compression === 'none' ? chunks : content(chunks, file);
}

async function* content(
  chunks: AsyncIterable<Uint8Array>,
  { path, compression }: Pick<InputFile, 'path' | 'compression'>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* compression === 'gzip' ? gzipContent(chunks) : zstdContent(chunks);
  } catch (error) {
    throw damage(
      error,
      (reason) => `${path}: broken ${compression} data (${reason}); restore the file or leave it out`,
    );
  }
}

/**
 * All members of a gzip file. After a zero byte between or behind them, Node's decompressor ignores the rest, even if
 * it is text; here only zeros may follow.
 */
async function* gzipContent(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = createGunzip({ chunkSize: OUTPUT_BYTES });
  /** Copies of chunks that the decoder has not yet consumed, and where they end. */
  const fed: { chunk: Uint8Array; end: number }[] = [];
  /** Memory of those that it has. */
  const spare: ArrayBufferLike[] = [];
  const feed = async function* () {
    let end = 0;
    for await (const chunk of chunks) {
      while (fed[0] && fed[0].end <= decoder.bytesWritten) spare.push(fed.shift()!.chunk.buffer);
      end += chunk.length;
      const copy = copyTo(spare.pop(), chunk);
      fed.push({ chunk: copy, end });
      yield copy;
    }
  };
  const source = Readable.from(feed(), { objectMode: false });
  source.once('error', (error) => decoder.destroy(error));
  try {
    yield* zlibOutput(source.pipe(decoder));
    for (const { chunk, end } of fed)
      refuseContent(chunk.subarray(Math.max(0, chunk.length - (end - decoder.bytesWritten))));
    source.unpipe(decoder);
    if (!source.readableEnded) for await (const chunk of source) refuseContent(chunk as Uint8Array);
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

/** Copies bytes into memory that is to be used again, or into new memory if it is too small or there is none. */
function copyTo(memory: ArrayBufferLike | undefined, bytes: Uint8Array): Uint8Array {
  const isRoom = memory !== undefined && memory.byteLength >= bytes.length;
  const copy = new Uint8Array(isRoom ? memory : new ArrayBuffer(bytes.length), 0, bytes.length);
  copy.set(bytes);
  return copy;
}

function refuseContent(padding: Uint8Array): void {
  if (padding.some((byte) => byte !== 0)) throw new Error('something else follows its last member');
}
