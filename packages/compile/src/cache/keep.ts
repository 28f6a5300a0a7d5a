import { homedir } from 'node:os';
import { join } from 'node:path';
import { readEntry, writeEntry } from './entries.js';
import { type CacheSource, cacheKey } from './key.js';

/**
 * Returns the result of `make`, from the cache if an earlier process has made the same.
 *
 * @param source what the function is made of; without it, nothing is cached
 * @param made everything else that the result depends on, as JSON
 * @param make returns a value that structured clone can copy
 */
export async function keep<T>(
  source: CacheSource | undefined,
  made: unknown,
  make: () => T | Promise<T>,
): Promise<T> {
  const folder = source && cacheFolder();
  if (!folder) return make();
  const key = cacheKey(source, made);
  const known = (await readEntry(folder, key)) as T | undefined;
  if (known !== undefined) return known;
  const result = await make();
  await writeEntry(folder, key, result);
  return result;
}

/**
 * The per-user folder of compiled functions: `$MLM_CACHE`, else `$XDG_CACHE_HOME/mlm`, else `~/.cache/mlm`.
 * `MLM_CACHE=off` turns the cache off.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const chosen = environment.MLM_CACHE;
  if (chosen) return chosen === 'off' ? undefined : chosen;
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mlm');
}
