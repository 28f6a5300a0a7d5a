import { setTimeout } from 'node:timers/promises';
import { InputError } from '@mlm/base/errors';
import { type Store, withoutSecrets } from './store.js';

/** How often a request is tried, and the pause after the first try, which doubles each time. */
const TRIES = 5;
const FIRST_PAUSE_MS = 200;

/**
 * Sends a request to a store, and retries it if the store is busy or unreachable.
 * @throws InputError if it does not answer or has no such file
 */
export async function request(store: Store, url: string, init: RequestInit = {}): Promise<Response> {
  const place = withoutSecrets(url);
  let problem = '';
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await setTimeout(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    try {
      const plain = requestOf(url, init);
      const response = await fetch((await store.sign?.(plain, process.env)) ?? plain);
      if (response.ok) return response;
      await response.body?.cancel();
      problem = `${response.status} ${response.statusText}`.trim();
      const isTransient = response.status === 429 || response.status === 408 || response.status >= 500;
      if (!isTransient) throw refusal(place, response.status, problem);
    } catch (error) {
      if (error instanceof InputError) throw error;
      problem = reasonOf(error);
    }
  }
  throw new InputError(`${place}: cannot be read (${problem}; tried ${TRIES} times); try again later`);
}

/** Moves a name and password in an address into the authorization header. */
function requestOf(url: string, init: RequestInit): Request {
  const address = new URL(url);
  const { username, password } = address;
  if (username === '') return new Request(address, init);
  address.username = '';
  address.password = '';
  const plain = new Request(address, init);
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  plain.headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  return plain;
}

function refusal(place: string, status: number, problem: string): InputError {
  if (status === 404) return new InputError(`${place}: no such file (404)`);
  if (status === 401 || status === 403)
    return new InputError(
      `${place}: may not be read (${problem}); give the store’s credentials in the environment`,
    );
  return new InputError(`${place}: cannot be read (${problem})`);
}

/** Why a request failed, without addresses, which may contain credentials. */
function reasonOf(error: unknown): string {
  const { message } = error as Error;
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
  return cause?.code ?? withoutSecrets(cause?.message ?? message);
}
