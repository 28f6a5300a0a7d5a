import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InputError } from '../errors.js';
import { makeFolders } from './make-folders.js';

test('creates missing folders and accepts existing ones', async () => {
  const root = await mkdtemp(join(tmpdir(), 'mlm-folders-'));
  const folder = join(root, 'a', 'b', 'c');
  await Promise.all([makeFolders(folder), makeFolders(folder)]);
  await makeFolders(folder);
  expect((await stat(folder)).isDirectory()).toBe(true);
  await rm(root, { recursive: true });
});

test.runIf(existsSync('/proc/self'))('ends where a file system refuses', async () => {
  await expect(makeFolders('/proc/mlm/out')).rejects.toThrow(InputError);
});
