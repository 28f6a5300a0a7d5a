import { open, rename, rm } from 'node:fs/promises';

/**
 * Writes a small file whole or not at all, even after a power loss: beside its destination first, then renamed.
 *
 * @example
 * ```ts
 * import { writeWhole } from '@mlm/base';
 *
 * await writeWhole('settings.json', JSON.stringify({ seed: 42 }));
 * ```
 */
export async function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  const partial = `${path}.partial`;
  try {
    const file = await open(partial, 'w');
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
