import { InputError } from '@mlm/base/errors';
import { http, https } from './http.js';
import { hub } from './hub.js';
import { s3 } from './s3.js';
import { type Store, type StoredFile, withoutSecrets } from './store.js';

/** All stores: the only list of them. */
const stores: readonly Store[] = [https, http, hub, s3];

/** Whether a path is the address of a file elsewhere. */
export function isAddress(path: string): boolean {
  return /^[a-z][a-z\d+.-]+:\/\//i.test(path);
}

/** @throws InputError when no store has addresses of this kind */
export function storeOf(address: string): Store {
  const store = stores.find(({ scheme }) => address.startsWith(`${scheme}//`));
  if (store) return store;
  const examples = stores.map(({ example }) => example).join(', ');
  throw new InputError(
    `${withoutSecrets(address)}: is not a supported address; expected one like ${examples}`,
  );
}

/**
 * The files at an address.
 * @throws InputError if there is none, or the store does not answer
 */
export async function storedFiles(address: string): Promise<StoredFile[]> {
  const files = await storeOf(address).list(address, process.env);
  if (files.length === 0) throw new InputError(`${withoutSecrets(address)}: no such file, and none below it`);
  return files;
}
