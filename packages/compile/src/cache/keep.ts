import { homedir } from 'node:os';
import { join } from 'node:path';
import { readEntry, writeEntry } from './entries.js';
import { type CacheSource, cacheKey } from './key.js';

/**
 * What `make` gives, or gave in an earlier process.
 *
 * @param source  what the function is made of; nothing is kept without it, nor where there is no cache folder
 * @param made  all else that the result depends on, as JSON
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
 * The per-user folder that keeps compiled functions: `$MLM_CACHE`, else `$XDG_CACHE_HOME/mlm`, else `~/.cache/mlm`.
 * `MLM_CACHE=off` keeps none.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const chosen = environment.MLM_CACHE;
  if (chosen) return chosen === 'off' ? undefined : chosen;
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mlm');
}
