import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { InputError } from '@mlm/base/errors';

/**
 * Finds @tensorflow/tfjs-node-gpu, an optional dependency whose installer is never run. @throws InputError if it is
 * missing
 */
export function tfjsNodePackage(): { folder: string; version: string; require: NodeJS.Require } {
  const require = createRequire(import.meta.url);
  let path: string;
  try {
    path = require.resolve('@tensorflow/tfjs-node-gpu/package.json');
  } catch {
    throw new InputError('@tensorflow/tfjs-node-gpu is not installed; reinstall with optional dependencies');
  }
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  return { folder: dirname(path), version, require: createRequire(path) };
}

/** Whether @tensorflow/tfjs-node-gpu is installed. */
export function hasTfjsNodePackage(): boolean {
  try {
    tfjsNodePackage();
    return true;
  } catch {
    return false;
  }
}
