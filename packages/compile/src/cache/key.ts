import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ENGINE_REVISION } from '../targets/target.js';

/** What a compiled function is made of, by which another process recognises it. */
export interface CacheSource {
  /** Folders (ending in `/`) of all code that the function runs, except tfjs and this package. */
  readonly code: readonly URL[];
  /** Everything else that the function depends on, such as its closure, as JSON. */
  readonly values: unknown;
}

/** A hash of the function's code and values, of `details`, and of the versions of everything that compiles it. */
export function cacheKey({ code, values }: CacheSource, details: unknown): string {
  const versions = ['@tensorflow/tfjs-core', 'onnxruntime-node'].map(versionOf);
  const folders = [new URL('../', import.meta.url), ...code].map(codeHash);
  const made = { revision: ENGINE_REVISION, versions, folders, values, details };
  return createHash('sha256').update(JSON.stringify(made)).digest('hex');
}

function versionOf(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
  return `${name} ${version}`;
}

const hashes = new Map<string, string>();

/** A hash of a folder's code files. It is computed once, since the process keeps running what it has loaded. */
function codeHash(folder: URL): string {
  const known = hashes.get(folder.href);
  if (known) return known;
  const hash = createHash('sha256');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter(isCode).sort()) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(fileURLToPath(new URL(name, folder))))
      .update('\0');
  }
  const computed = hash.digest('hex');
  hashes.set(folder.href, computed);
  return computed;
}

const isCode = (name: string) => /(?<!\.d|\.test)\.(js|cjs|ts)$/.test(name);
