import { InputError } from '@mlm/base/errors';
import type { InputFile } from '../formats/format.js';
import { versionOf } from './http.js';
import { storeOf } from './index.js';
import { request } from './request.js';
import type { Store } from './store.js';

/** How often an interrupted download is continued. */
const CONTINUATIONS = 20;

/** Reads a file of a store from its beginning, or ranges of it. */
export class StoreReader {
  bytesRead = 0;
  private readonly store: Store;
  private version: string | undefined;

  constructor(
    private readonly file: InputFile,
    private readonly stored: NonNullable<InputFile['stored']>,
  ) {
    this.store = storeOf(file.path);
    this.version = stored.version;
  }

  /** The file as the store serves it; after a lost connection, the rest is requested. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    let position = 0;
    let problem: unknown;
    for (let attempt = 0; attempt <= CONTINUATIONS; attempt++) {
      const response = await this.get(position, undefined);
      try {
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
          position += chunk.length;
          this.bytesRead += chunk.length;
          yield chunk;
        }
        if (position >= this.file.size) return;
        problem = new Error('the connection ended early');
      } catch (error) {
        problem = error;
      } finally {
        await response.body?.cancel().catch(() => {});
      }
    }
    throw this.brokenOff(position, problem);
  }

  /** A range of the file; after a lost connection, it is requested again. */
  async readAt(from: number, to: number): Promise<Uint8Array> {
    let problem: unknown;
    for (let attempt = 0; attempt <= CONTINUATIONS; attempt++) {
      const response = await this.get(from, to);
      const body = await response.arrayBuffer().catch((error: unknown) => {
        problem = error;
      });
      if (!body) continue;
      const bytes = new Uint8Array(body);
      this.bytesRead += bytes.length;
      // A server without ranges returns the whole file.
      const wanted = response.status === 206 ? bytes : bytes.slice(from, to);
      if (wanted.length === to - from) return wanted;
      throw new InputError(`${this.file.path}: sent ${wanted.length} of ${to - from} bytes; run again`);
    }
    throw this.brokenOff(from, problem);
  }

  private brokenOff(byte: number, problem: unknown): InputError {
    return new InputError(
      `${this.file.path}: broke off at byte ${byte} (${(problem as Error).message}); run again`,
    );
  }

  private async get(from: number, to: number | undefined): Promise<Response> {
    const range = `bytes=${from}-${to === undefined ? '' : to - 1}`;
    const isAll = from === 0 && to === undefined;
    const response = await request(this.store, this.stored.url, isAll ? {} : { headers: { range } });
    const version = versionOf(response);
    this.version ??= version;
    const isChanged = version !== undefined && version !== this.version;
    if (!isChanged && (isAll || to !== undefined || response.status === 206)) return response;
    await response.body?.cancel();
    if (isChanged) throw new InputError(`${this.file.path}: changed while it was being read; run again`);
    throw new InputError(
      `${this.file.path}: broke off, and its server cannot continue a download; run again`,
    );
  }
}
