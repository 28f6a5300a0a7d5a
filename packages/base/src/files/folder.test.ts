import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restoreFolder, writeFolder } from './folder.js';
import { lockOutput } from './lock.js';
import type { Replaceable } from './replace.js';

const kind: Replaceable & { kind: 'folder' } = {
  kind: 'folder',
  name: 'a folder of notes',
  marks: ['a.txt'],
  isPart: (path) => path === 'a.txt',
};

let root: string;
let target: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mlm-folder-'));
  target = join(root, 'notes');
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (text: string, overwrite = false) =>
  writeFolder(target, kind, { overwrite }, (folder) => writeFile(join(folder, 'a.txt'), text));
const content = () => readFileSync(join(target, 'a.txt'), 'utf8');

test('a folder appears when it is complete, and is replaced only on request', async () => {
  await write('one');
  await expect(write('two')).rejects.toThrow(/exists already/);
  await write('two', true);
  expect(content()).toBe('two');
  expect(readdirSync(root)).toEqual(['notes']);
});

test('after an error, the old folder is there, and nothing else', async () => {
  await write('one');
  const failing = writeFolder(target, kind, { overwrite: true }, async (folder) => {
    await writeFile(join(folder, 'a.txt'), 'half');
    throw new Error('out of ink');
  });
  await expect(failing).rejects.toThrow('out of ink');
  expect(content()).toBe('one');
  expect(readdirSync(root)).toEqual(['notes']);
});

test('killed between the two renames, the next run brings the old folder back', async () => {
  await write('one');
  mkdirSync(join(root, 'notes.partial/new'), { recursive: true });
  renameSync(target, join(root, 'notes.partial/old'));
  await expect(write('two')).rejects.toThrow(/exists already/);
  expect(content()).toBe('one');
  renameSync(target, join(root, 'aside'));
  mkdirSync(join(root, 'notes.partial'));
  renameSync(join(root, 'aside'), join(root, 'notes.partial/old'));
  await write('two', true);
  expect(content()).toBe('two');
  expect(readdirSync(root)).toEqual(['notes']);
});

test('a working folder with other contents is left alone', async () => {
  mkdirSync(join(root, 'notes.partial/new'), { recursive: true });
  writeFileSync(join(root, 'notes.partial/new/thesis.tex'), '');
  await expect(write('one')).rejects.toThrow(/contains new\/thesis\.tex/);
  expect(existsSync(join(root, 'notes.partial/new/thesis.tex'))).toBe(true);
});

test('a folder that another process is writing is left alone', async () => {
  const lock = await lockOutput(target);
  await expect(write('one', true)).rejects.toThrow(/is writing it/);
  lock.release();
  await restoreFolder(target);
  expect(readdirSync(root)).toEqual([]);
});
