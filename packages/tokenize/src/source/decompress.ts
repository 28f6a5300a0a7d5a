import { createReadStream } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { InputError } from '@mlm/base/errors';
import { type InputFile, readError } from './list.js';

/** Bytes that a stream on disk hands over at a time. */
const CHUNK_BYTES = 256 << 10;

/** What a file (or standard input) holds, decompressed, in chunks. */
export async function* contentChunks(
  file: InputFile,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const input: Readable =
    file.path === '-' ? process.stdin : createReadStream(file.path, { highWaterMark: CHUNK_BYTES });
  input.on('data', (chunk: Uint8Array) => onRead(chunk.length));
  input.pause();
  const decompressor = await decompressorFor(file.compression);
  // An error of the file itself must reach the one who reads its content.
  if (decompressor) input.once('error', (error) => decompressor.destroy(error));
  try {
    yield* decompressor ? input.pipe(decompressor) : input;
  } catch (error) {
    throw contentError(error, file);
  } finally {
    input.destroy();
  }
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

function contentError(error: unknown, file: InputFile): unknown {
  const known = readError(error, file.path);
  if (known !== error || error instanceof InputError || file.compression === 'none') return known;
  const { message } = error as Error;
  return new InputError(
    `${file.path}: broken ${file.compression} data (${message}); restore the file or leave it out`,
  );
}
