import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finishedUnits } from '@mlm/arrow/sink';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { letters } from '../../test/corpus.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { preprocess } from './preprocess.js';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await letters();
});

let root: string;
let corpus: string;
/** Files of three units each, the last of which is no text. */
const names = ['a.txt', 'b.txt', 'c.txt'];
const text = (seed: number) => `${'abcdefgh'[seed]!.repeat(3)} the cat\n`.repeat(1_000_000);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mlm-used-'));
  corpus = join(root, 'corpus');
  await mkdir(corpus);
  for (const [i, name] of names.entries()) await writeFile(join(corpus, name), text(i));
  await writeFile(join(corpus, 'c.txt'), Buffer.alloc(9 << 20));
});
afterEach(() => rm(root, { recursive: true }));

const run = (output: string, resume = false) =>
  preprocess({
    inputs: [corpus],
    output: join(root, output),
    tokenizer,
    workers: 1,
    resume,
    sequenceLength: 512,
  });

async function interrupt(): Promise<void> {
  await expect(run('out.arrow')).rejects.toThrow(/c\.txt: is binary/);
  expect(await finishedUnits(join(root, 'out.arrow'))).not.toEqual([]);
}

async function expectAsFresh(): Promise<void> {
  await run('out.arrow', true);
  await run('fresh.arrow');
  const [resumed, fresh] = await Promise.all(
    ['out.arrow', 'fresh.arrow'].map((name) => readFile(join(root, name))),
  );
  expect(resumed!.equals(fresh!)).toBe(true);
}

test('a file that no finished unit used may be mended, and the run goes on as if it had always been so', async () => {
  await interrupt();
  await writeFile(join(corpus, 'c.txt'), text(3));
  await expectAsFresh();
});

test('such a file may be left out, and others may follow', async () => {
  await interrupt();
  await rm(join(corpus, 'c.txt'));
  await writeFile(join(corpus, 'd.txt'), text(4));
  await expectAsFresh();
});

test('a file that a finished unit used must be as it was', async () => {
  await interrupt();
  await utimes(join(corpus, 'a.txt'), 1, 1);
  await expect(run('out.arrow', true)).rejects.toThrow(/cannot resume: inputs changed/);
});

test('a small file that would now be in the last finished unit is refused', async () => {
  // Each by itself, since two together are more than a unit.
  for (const [name, lines] of Object.entries({ a: 10, b: 14, bb: 6 }))
    await writeFile(join(corpus, `${name}.txt`), 'abc\n'.repeat(lines << 16));
  await writeFile(join(corpus, 'c.txt'), Buffer.alloc(4 << 20));
  await interrupt();
  await writeFile(join(corpus, 'bb.txt'), 'abc\n');
  await expect(run('out.arrow', true)).rejects.toThrow(/last finished unit of work would end elsewhere/);
});

test('the journal of an earlier version, which does not say what was used, needs all files as they were', async () => {
  await interrupt();
  const journal = join(root, 'out.arrow.partial', 'journal.jsonl');
  const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n');
  const older = lines.map((line) => {
    const { used, ...entry } = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify(entry);
  });
  await writeFile(journal, `${older.join('\n')}\n`);
  await expect(run('out.arrow', true)).rejects.toThrow(/c\.txt: is binary/);
  await writeFile(join(corpus, 'c.txt'), text(3));
  await writeFile(journal, `${older.join('\n')}\n`);
  await expect(run('out.arrow', true)).rejects.toThrow(/cannot resume: inputs changed/);
});
