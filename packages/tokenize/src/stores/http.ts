import { request } from './request.js';
import { type Store, type StoredFile, withoutSecrets } from './store.js';

/** Single files on web servers. */
export const https: Store = { scheme: 'https:', example: 'https://host/corpus.txt.gz', list };

/** The same without encryption, for servers in one's own network. */
export const http: Store = { ...https, scheme: 'http:', example: 'http://host/corpus.txt.gz' };

async function list(address: string): Promise<StoredFile[]> {
  return [await describe(address.startsWith('http:') ? http : https, address, withoutSecrets(address))];
}

/** A file's size and version, by requesting its first byte, since not every server supports HEAD. */
export async function describe(store: Store, url: string, path: string): Promise<StoredFile> {
  const response = await request(store, url, { headers: { range: 'bytes=0-0' } });
  await response.body?.cancel();
  const whole = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  const size = Number(whole ?? response.headers.get('content-length') ?? 0);
  return { path, size, stored: { url, version: versionOf(response) } };
}

/** The value by which a server tells versions of a file apart. */
export function versionOf({ headers }: Response): string | undefined {
  return headers.get('etag') ?? headers.get('last-modified') ?? undefined;
}
