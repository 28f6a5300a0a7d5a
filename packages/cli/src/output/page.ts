import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { InputError } from '@mlm/base/errors';

const BEGIN = '<!doctype html>';

/**
 * A page replaces a page and nothing else, whatever name it is given.
 * @throws InputError for a path where something else is
 */
export function checkPage(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found || (found.isFile() && (found.size === 0 || beginOf(path) === BEGIN))) return;
  throw new InputError(`${path}: exists and is not a page, so it stays; name another file`);
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
