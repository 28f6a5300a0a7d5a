import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { InputError } from '@mlm/base/errors';

const BEGIN = '<!doctype html>';

/**
 * Makes sure that a page replaces only a page, whatever its name.
 * @throws InputError if the path is something else
 */
export function checkPage(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found || (found.isFile() && (found.size === 0 || beginOf(path) === BEGIN))) return;
  throw new InputError(`${path}: exists and is not a page, so it is not replaced; name another file`);
}

function beginOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(BEGIN.length);
    return bytes.toString('latin1', 0, readSync(file, bytes)).toLowerCase();
  } finally {
    closeSync(file);
  }
}
