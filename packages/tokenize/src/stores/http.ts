import { request } from './request.js';
import { type Store, type StoredFile, withoutSecrets } from './store.js';

/** Files by their web addresses. */
export const https: Store = { scheme: 'https:', example: 'https://host/corpus.txt.gz', list };

/** The same without encryption, for servers of one's own. */
export const http: Store = { ...https, scheme: 'http:', example: 'http://host/corpus.txt.gz' };

async function list(address: string): Promise<StoredFile[]> {
  return [await describe(address.startsWith('http:') ? http : https, address, withoutSecrets(address))];
}

/** A file's size and version, from the answer to a request for its first byte: not every server knows HEAD. */
export async function describe(store: Store, url: string, path: string): Promise<StoredFile> {
  const response = await request(store, url, { headers: { range: 'bytes=0-0' } });
  await response.body?.cancel();
  const whole = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  const size = Number(whole ?? response.headers.get('content-length') ?? 0);
  return { path, size, stored: { url, version: versionOf(response) } };
}

/** What a server says to tell one version of a file from another. */
export function versionOf({ headers }: Response): string | undefined {
  return headers.get('etag') ?? headers.get('last-modified') ?? undefined;
}
