import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeWhole } from './whole.js';

test('replaces a file as a whole, and leaves nothing beside an unwritable one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlm-whole-'));
  try {
    const path = join(folder, 'page.html');
    await writeWhole(path, 'old');
    await writeWhole(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    await mkdir(join(folder, 'taken'));
    await expect(writeWhole(join(folder, 'taken'), 'x')).rejects.toThrow();
    expect((await readdir(folder)).sort()).toEqual(['page.html', 'taken']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
