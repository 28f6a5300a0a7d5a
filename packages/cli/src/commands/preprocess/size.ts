import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { validationPath } from '@mlm/arrow';

/** Bytes on disk of a dataset, its held-out part included; 0 for a stream. */
export async function outputBytes(output: string): Promise<number> {
  if (output === '-') return 0;
  const entry = await stat(output);
  if (!entry.isDirectory()) return entry.size + (await sizeOf(validationPath(output)));
  const files = await readdir(output, { recursive: true, withFileTypes: true });
  const sizes = files.filter((file) => file.isFile()).map((file) => sizeOf(join(file.parentPath, file.name)));
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
