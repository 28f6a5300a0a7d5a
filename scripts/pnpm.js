// The pnpm that package.json names, run through npx: a fresh machine has Node and npm alone.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/**
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} options
 */
export function pnpm(args, options) {
  return spawnSync('npx', ['-y', manifest.packageManager, ...args], options);
}
