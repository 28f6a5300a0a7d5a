import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { runMlm, temporaryFolder } from './run-mlm.js';

const text = someText(20);

test.each([
  [['preprocess', 'd/corpus', 'd'], /d: contains the input d\/corpus/],
  [['preprocess', 'd/corpus/a.txt', 'notes'], /notes: holds notes\.txt/],
  [['preprocess', 'd/corpus/a.txt', 'ck'], /ck: holds config\.json|ck: holds model/],
  [['vocab', 'd', '--output', 'd'], /d: contains the input/],
  [['vocab', 'd/corpus/a.txt', '--output', 'notes'], /notes: holds notes\.txt/],
  [['vocab', 'd/corpus/a.txt', '--output', 'notes/notes.txt'], /is not a tokenizer folder/],
  [['export', 'ck', 'ck'], /ck: is the input ck/],
  [['export', 'ck', 'other'], /other: holds model\.safetensors/],
])('mlm %j --overwrite loses nothing', async (args, message) => {
  const folder = temporaryFolder();
  const files = {
    'd/corpus/a.txt': text,
    'notes/notes.txt': 'mine',
    'ck/config.json': '{}',
    'ck/model.safetensors': 'weights',
    'other/model.safetensors': 'weights',
  };
  writeFiles(folder, files);
  const { code, stdout, stderr } = await runMlm([...args, '--overwrite'], { cwd: folder });
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^mlm: [^\n]+\n$/);
  expect(stderr).toMatch(message);
  for (const [name, content] of Object.entries(files))
    expect(readFileSync(join(folder, name), 'utf8')).toBe(content);
  expect(readdirSync(folder).sort()).toEqual(['ck', 'd', 'notes', 'other']);
});

test('--overwrite replaces a dataset folder and a vocabulary', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'a.txt': text });
  for (const args of [
    ['vocab', 'a.txt', '--output', 'tok', '--size', '60', '--overwrite'],
    ['preprocess', 'a.txt', 'out', '--eval-fraction', '0.4', '--overwrite'],
    ['preprocess', 'a.txt', 'out', '--overwrite'],
  ]) {
    for (let time = 0; time < 2; time++) {
      const { code, stderr } = await runMlm(args, { cwd: folder });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
  }
  expect(existsSync(join(folder, 'out', 'state.json'))).toBe(true);
});
