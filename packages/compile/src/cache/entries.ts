import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

const SUFFIX = '.compiled';
const PARTIAL = '.partial';
const LEFT_OVER_MS = 3_600_000;
const DIGEST_BYTES = 32;
/** The size of the whole cache; beyond it, the least recently used entries are deleted. */
const LIMIT_BYTES = 64 * 2 ** 20;

const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Reads an entry; undefined if there is none or it is damaged. */
export async function readEntry(folder: string, key: string): Promise<unknown> {
  const path = join(folder, key + SUFFIX);
  try {
    const file = await readFile(path);
    const content = file.subarray(DIGEST_BYTES);
    if (!digest(content).equals(file.subarray(0, DIGEST_BYTES))) return undefined;
    const entry: unknown = deserialize(content);
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return entry;
  } catch {
    return undefined;
  }
}

/**
 * Writes an entry, which appears whole or not at all, and deletes the least recently used ones beyond the limit. Errors
 * are ignored: a full or read-only disk must not end a run.
 */
export async function writeEntry(
  folder: string,
  key: string,
  entry: unknown,
  limit = LIMIT_BYTES,
): Promise<void> {
  const partial = join(folder, `${key}.${process.pid}.${entries++}${PARTIAL}`);
  try {
    const content = serialize(entry);
    await mkdir(folder, { recursive: true });
    await writeFile(partial, Buffer.concat([digest(content), content]));
    await rename(partial, join(folder, key + SUFFIX));
    await dropOldest(folder, limit);
  } catch {
    await rm(partial, { force: true }).catch(() => undefined);
  }
}

let entries = 0;

async function dropOldest(folder: string, limit: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX) || name.endsWith(PARTIAL));
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path);
      return { path, size, mtimeMs };
    }),
  );
  let total = 0;
  for (const { path, size, mtimeMs } of files.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    total += size;
    // No process writes an entry for that long: a killed one left it behind.
    const isLeftOver = path.endsWith(PARTIAL) && Date.now() - mtimeMs > LEFT_OVER_MS;
    if (total > limit || isLeftOver) await rm(path, { force: true });
  }
}
