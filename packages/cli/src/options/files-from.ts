import { readFile } from 'node:fs/promises';
import { InputError } from '@mlm/base/errors';
import type { Context } from '../context.js';

/** Reads the paths in the file of `--files-from`, one per line or, as from `find -print0`, each ended by a NUL. */
export async function listedPaths(context: Context, list: string | undefined): Promise<string[]> {
  if (list === undefined) return [];
  const text = list === '-' ? await readAll(context.stdin) : await readList(list);
  const paths = text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((line) => line !== '');
  if (paths.length === 0) throw new InputError(`--files-from ${list}: the list is empty`);
  return paths;
}

function readList(list: string): Promise<string> {
  return readFile(list, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EISDIR') throw error;
    throw new InputError(`--files-from ${list}: is a folder, expected a file with one path per line`);
  });
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
