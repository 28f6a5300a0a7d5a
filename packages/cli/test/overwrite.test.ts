import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { runMlm, temporaryFolder } from './run-mlm.js';

const text = someText(20);

test.each([
  [['preprocess', 'd/corpus', 'd'], /d: contains the input d\/corpus/],
  [['preprocess', 'd/corpus/a.txt', 'notes'], /notes: contains notes\.txt/],
  [['preprocess', 'd/corpus/a.txt', 'ck'], /ck: contains config\.json|ck: contains model/],
  [['vocab', 'd', '--output', 'd'], /d: contains the input/],
  [['vocab', 'd/corpus/a.txt', '--output', 'notes'], /notes: contains notes\.txt/],
  [['vocab', 'd/corpus/a.txt', '--output', 'notes/notes.txt'], /is not a tokenizer folder/],
  [['export', 'ck', 'ck'], /ck: is the input ck/],
  [['export', 'ck', 'other'], /other: contains model\.safetensors/],
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

test('a page replaces a page, and nothing else', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'a.txt': text, 'run/metrics.jsonl': '{"step":1,"loss":2}\n' });
  const run = (...args: string[]) => runMlm(args, { cwd: folder });
  expect((await run('preprocess', 'a.txt', 'out.arrow')).code).toBe(0);
  const rows = readFileSync(join(folder, 'out.arrow'));
  for (const args of [
    ['inspect', 'out.arrow', '--html', 'out.arrow'],
    ['inspect', 'out.arrow', '--html', 'a.txt'],
    ['inspect', 'out.arrow', '--html', 'run'],
    ['compare', 'run', '--output', 'run/metrics.jsonl', '--overwrite'],
  ]) {
    const { code, stderr } = await run(...args);
    expect(stderr).toMatch(/^mlm: [^\n]+: (exists and is not a page|is not a regular file)[^\n]*\n$/);
    expect(code).toBe(1);
  }
  expect(readFileSync(join(folder, 'out.arrow')).equals(rows)).toBe(true);
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe(text);
  for (const args of [
    ['inspect', 'out.arrow', '--html', 'page.html'],
    ['compare', 'run', '--output', 'page.html', '--overwrite'],
  ])
    expect((await run(...args)).code).toBe(0);
});

test.each(['}', '5}', '{"loss":1}', '{"step":1,\u0000}'])(
  'metrics that are damaged are named: %j',
  async (line) => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'run/metrics.jsonl': `{"step":1,"loss":2}\n${line}\n` });
    const { code, stderr } = await runMlm(['compare', 'run'], { cwd: folder });
    expect(stderr).toMatch(/^mlm: run\/metrics\.jsonl:2: not the metrics of a step[^\n]*\n$/);
    expect(code).toBe(1);
  },
);
