import type { Transform } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';

/** Bytes that a decompressor emits at a time, its `chunkSize`. */
export const OUTPUT_BYTES = 256 << 10;

/** Frees memory that is sent to it, since nobody receives it. */
const nobody = openNobody();

/**
 * What a decompressor of `node:zlib` emits, in chunks each of which is valid until the next is asked for. Their memory is
 * freed then: the garbage collector would let 30 MB of it pile up in each thread.
 */
export async function* zlibOutput(decoder: Transform): AsyncGenerator<Uint8Array> {
  for await (const chunk of decoder as AsyncIterable<Buffer>) {
    yield chunk;
    // The decompressor goes on in the same memory until it is full.
    const { buffer, byteOffset, length } = chunk;
    if (buffer.byteLength === OUTPUT_BYTES && byteOffset + length === OUTPUT_BYTES)
      nobody.postMessage(undefined, [buffer as ArrayBuffer]);
  }
}

function openNobody() {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}
