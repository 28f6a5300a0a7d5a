import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { preprocess } from '../preprocess/preprocess.js';
import { loadTokenizer } from '../tokenizer/load.js';
import { hasEarlyThread, startEarlyThread, takeThread } from './early-thread.js';

const folder = mkdtempSync(join(tmpdir(), 'early-'));
const long = join(folder, 'long.txt');
const short = join(folder, 'short.txt');
writeFileSync(long, 'The quick brown fox jumps over the lazy dog.\n'.repeat(200_000));
writeFileSync(short, 'The quick brown fox.\n');
mkdirSync(join(folder, 'texts'));
for (const [name, files] of Object.entries({ few: 3, many: 300 })) {
  mkdirSync(join(folder, name));
  for (let i = 0; i < files; i++) writeFileSync(join(folder, name, `${i}.txt`), 'A fox.\n'.repeat(1000));
}
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['a short text', [short]],
  ['no text', []],
  ['a missing file', [join(folder, 'none.txt')]],
  ['standard input', ['-']],
  ['what is no path', ['a\0b']],
  ['a folder', [join(folder, 'texts')]],
  ['a folder of short texts', [join(folder, 'few')]],
])('no thread is started for %s', (_, inputs) => {
  startEarlyThread(inputs, { workers: 2 });
  expect(hasEarlyThread()).toBe(false);
});

it('no thread is started for a run of one worker', () => {
  startEarlyThread([long], { workers: 1 });
  expect(hasEarlyThread()).toBe(false);
});

it('a thread is started for a folder of many short texts', async () => {
  startEarlyThread([join(folder, 'many')], { workers: 2 });
  expect(hasEarlyThread()).toBe(true);
  await takeThread().terminate();
  expect(hasEarlyThread()).toBe(false);
});

it('a run takes the thread that was started for it, and writes the same bytes as alone', async () => {
  const tokenizer = await loadTokenizer();
  const run = async (name: string, workers: number) => {
    const output = join(folder, name);
    await preprocess({ inputs: [long], output, tokenizer, workers });
    return readFileSync(output);
  };
  const alone = await run('alone.arrow', 1);
  startEarlyThread([short, long], { workers: 2 });
  expect(hasEarlyThread()).toBe(true);
  const both = await run('both.arrow', 2);
  expect(hasEarlyThread()).toBe(false);
  expect(both.equals(alone)).toBe(true);
}, 30_000);

it('a thread that has failed is replaced by another one', async () => {
  const failing = join(folder, 'failing.mjs');
  writeFileSync(failing, 'throw new Error("no");');
  startEarlyThread([long], { workers: 2, launcher: new URL(`file://${failing}`) });
  await vi.waitFor(() => expect(hasEarlyThread()).toBe(false), { timeout: 20_000 });
  const thread = takeThread();
  await thread.terminate();
}, 30_000);
