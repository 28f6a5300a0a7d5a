import type { Transform } from 'node:stream';
import { free } from './free.js';

/** Bytes that a decompressor emits at a time, its `chunkSize`. */
export const OUTPUT_BYTES = 256 << 10;

/**
 * What a decompressor of `node:zlib` emits, in chunks each of which is valid until the next is asked for. Their memory is
 * freed then.
 */
export async function* zlibOutput(decoder: Transform): AsyncGenerator<Uint8Array> {
  for await (const chunk of decoder as AsyncIterable<Buffer>) {
    yield chunk;
    // The decompressor goes on in the same memory until it is full.
    const { buffer, byteOffset, length } = chunk;
    if (buffer.byteLength === OUTPUT_BYTES && byteOffset + length === OUTPUT_BYTES)
      free(buffer as ArrayBuffer);
  }
}
