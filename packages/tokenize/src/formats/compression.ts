import { type Readable, Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { InputFile } from './format.js';

/** Bytes that a stream on disk hands over at a time. */
const CHUNK_BYTES = 256 << 10;

/** The compressions of whole files, by the end of a file's name. */
export const compressions: Record<string, InputFile['compression']> = { gz: 'gzip', zst: 'zstd' };

/** A stream's content; an error of the stream itself is the reader's too. */
export async function decompressed(
  input: Readable,
  compression: InputFile['compression'],
): Promise<Readable> {
  const decompressor = await decompressorFor(compression);
  if (!decompressor) return input;
  input.once('error', (error) => decompressor.destroy(error));
  return input.pipe(decompressor);
}

async function decompressorFor(compression: InputFile['compression']): Promise<Transform | undefined> {
  if (compression === 'gzip') return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  if (compression === 'zstd') return createZstdDecompress();
  return undefined;
}

/** Node's own Zstandard (from Node 22.15 on), else one in JavaScript. */
async function createZstdDecompress(): Promise<Transform> {
  const native: unknown = Reflect.get(zlib, 'createZstdDecompress');
  if (typeof native === 'function') return native() as Transform;
  const { Decompress } = await import('fzstd');
  let hasEnded = false;
  const transform = new Transform({
    transform(chunk: Uint8Array, _encoding, callback) {
      settle(() => decoder.push(chunk), callback);
    },
    flush(callback) {
      settle(() => {
        decoder.push(new Uint8Array(0), true);
        if (!hasEnded) throw new Error('unexpected end of file');
      }, callback);
    },
  });
  const decoder = new Decompress((bytes, isLast) => {
    hasEnded ||= isLast === true;
    transform.push(bytes);
  });
  return transform;
}

function settle(action: () => void, callback: (error?: Error) => void): void {
  try {
    action();
    callback();
  } catch (error) {
    callback(error as Error);
  }
}
