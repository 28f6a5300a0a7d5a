import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The per-user folder that keeps compiled functions: `$MLM_CACHE`, else `$XDG_CACHE_HOME/mlm`, else `~/.cache/mlm`.
 * `MLM_CACHE=off` keeps none.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const chosen = environment.MLM_CACHE;
  if (chosen) return chosen === 'off' ? undefined : chosen;
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mlm');
}
