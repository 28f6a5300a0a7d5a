import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { promisify } from 'node:util';
import { InputError } from '@mlm/base/errors';
import yauzl from 'yauzl';
import { reason, type Wheel } from './index-page.js';

/** Options of {@link fetchWheel}. */
export interface DownloadOptions {
  /** Aborts the download. */
  signal?: AbortSignal | undefined;
  /** Called with the number of bytes downloaded so far. */
  onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Downloads a wheel, checks its hash and unpacks it into a folder.
 *
 * @throws InputError if the download fails or the hash differs from the index's
 *
 * @example
 * ```ts
 * import { fetchWheel, findWheel } from '@mlm/engines';
 *
 * const wheel = await findWheel({ name: 'jax-cuda13-pjrt', version: '0.9.1' });
 * await fetchWheel(wheel, 'plugin');
 * ```
 */
export async function fetchWheel(wheel: Wheel, folder: string, options: DownloadOptions = {}): Promise<void> {
  await mkdir(folder, { recursive: true });
  const archive = join(folder, `${wheel.file}.partial`);
  try {
    const sha256 = await download(wheel.url, archive, options);
    if (sha256 !== wheel.sha256) {
      throw new InputError(
        `${wheel.url}: the file has the hash ${sha256}, expected ${wheel.sha256} from the index; download it again`,
      );
    }
    await unpack(archive, folder, options.signal);
  } finally {
    await rm(archive, { force: true });
  }
}

/** @returns the file's SHA-256 */
async function download(url: string, file: string, { signal, onProgress }: DownloadOptions): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      onProgress?.(bytes);
      done(null, chunk);
    },
  });
  try {
    const response = await fetch(url, { signal: signal ?? null });
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    await pipeline(Readable.fromWeb(response.body as ReadableStream), watch, createWriteStream(file));
  } catch (error) {
    throw signal?.aborted ? error : new InputError(`${url}: the download failed: ${reason(error as Error)}`);
  }
  return hash.digest('hex');
}

const openZip = promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open);

/** Unpacks a wheel, which is a zip file. The reader refuses names that lead out of the folder. */
async function unpack(archive: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const zip = await openZip(archive, { lazyEntries: true, autoClose: false }).catch((error: Error) => {
    throw new InputError(`${archive} is not a wheel: ${error.message}`);
  });
  const open = promisify<yauzl.Entry, Readable>(zip.openReadStream.bind(zip));
  try {
    for await (const entry of entriesOf(zip)) {
      signal?.throwIfAborted();
      if (entry.fileName.endsWith('/')) continue;
      const path = join(folder, entry.fileName);
      await mkdir(dirname(path), { recursive: true });
      // The upper half of the attributes is the Unix mode: some of NVIDIA's files are executable.
      const mode = (entry.externalFileAttributes >>> 16) & 0o777 || 0o644;
      await pipeline(await open(entry), createWriteStream(path, { mode }));
    }
  } finally {
    zip.close();
  }
}

async function* entriesOf(zip: yauzl.ZipFile): AsyncGenerator<yauzl.Entry> {
  for (let left = zip.entryCount; left > 0; left--) {
    yield await new Promise<yauzl.Entry>((resolve, reject) => {
      zip.once('error', reject);
      zip.once('entry', (entry: yauzl.Entry) => {
        zip.off('error', reject);
        resolve(entry);
      });
      zip.readEntry();
    });
  }
}
