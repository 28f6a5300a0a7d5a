import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { InputFile } from './format.js';
import { zstdContent } from './zstd.js';

/** Bytes that a decompressor emits at a time. */
const CHUNK_BYTES = 256 << 10;

/** Compressions of whole files, by extension. */
export const compressions: ReadonlyMap<string, InputFile['compression']> = new Map([
  ['gz', 'gzip'],
  ['zst', 'zstd'],
]);

/** The content of compressed bytes, in chunks; memory is bounded, whatever its size. */
export function decompressed(
  chunks: AsyncIterable<Uint8Array>,
  compression: InputFile['compression'],
): AsyncIterable<Uint8Array> {
  if (compression === 'gzip') return gzipContent(chunks);
  return compression === 'zstd' ? zstdContent(chunks) : chunks;
}

/**
 * All members of a gzip file. After a zero byte between or behind them, Node's decompressor ignores the rest, even if
 * it is text; here only zeros may follow.
 */
async function* gzipContent(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = createGunzip({ chunkSize: CHUNK_BYTES });
  /** Chunks that the decoder has not yet consumed, and where they end. */
  const fed: { chunk: Uint8Array; end: number }[] = [];
  const feed = async function* () {
    let end = 0;
    for await (const chunk of chunks) {
      end += chunk.length;
      fed.push({ chunk, end });
      while (fed[0] && fed[0].end <= decoder.bytesWritten) fed.shift();
      yield chunk;
    }
  };
  const source = Readable.from(feed(), { objectMode: false });
  source.once('error', (error) => decoder.destroy(error));
  try {
    yield* source.pipe(decoder);
    for (const { chunk, end } of fed)
      refuseContent(chunk.subarray(Math.max(0, chunk.length - (end - decoder.bytesWritten))));
    source.unpipe(decoder);
    if (!source.readableEnded) for await (const chunk of source) refuseContent(chunk as Uint8Array);
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

function refuseContent(padding: Uint8Array): void {
  if (padding.some((byte) => byte !== 0)) throw new Error('something else follows its last member');
}
