import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BatchStage, mergeDatasets, openDataset } from '@mlm/arrow';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { letters, wideCorpus } from '../../test/corpus.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { type PreprocessOptions, preprocess } from './preprocess.js';

let root: string;
let corpus: string;
let folder: string;
let tokenizer: Tokenizer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mlm-preprocess-'));
  corpus = join(root, 'corpus');
  await wideCorpus(corpus);
  tokenizer = await letters();
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'out-'));
});
afterAll(() => rm(root, { recursive: true }));

const stage: BatchStage = {
  module: new URL('../../test/stage.js', import.meta.url).href,
  options: { name: 'seen' },
  description: { masking: { probability: 0.1, replace: 'mask', labels: 'masked', seed: 1 } },
};

function run(output: string, options: Partial<PreprocessOptions> = {}) {
  const all = { evalFraction: 0.3, sequenceLength: 16, shardBytes: 1, workers: 0, ...options };
  return preprocess({ inputs: [corpus], tokenizer, ...all, output: join(folder, output) });
}

/** Every file under a folder with the hash of its bytes. */
async function contents(of: string): Promise<Record<string, string>> {
  const entries = await readdir(of, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = async (file: string) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  const all = await Promise.all(files.sort().map(async (file) => [file.slice(of.length), await hash(file)]));
  return Object.fromEntries(all);
}

test('the bytes are the same with any number of workers, and for the folder as for its files in any order', async () => {
  const report = await run('0.arrow', { stages: [stage] });
  expect(report).toMatchObject({ files: 5, skipped: 1, counts: { documents: 1150 } });
  expect(report.counts.seen).toBe(report.counts.rows);
  const dataset = await openDataset(report.output);
  expect(dataset.metadata?.rows_per_unit.length).toBeGreaterThan(3);
  expect(dataset.metadata?.masking?.probability).toBe(0.1);
  await dataset.close();
  await run('1.arrow', { stages: [stage], workers: 1 });
  await run('3.arrow', { stages: [stage], workers: 3 });
  const files = ['z.txt', 'deep/er/c.txt', 'deep', 'b.txt', 'empty.txt'].map((name) => join(corpus, name));
  await run('4.arrow', { stages: [stage], inputs: files });
  const { '/0.arrow': train, '/0.eval.arrow': held, ...others } = await contents(folder);
  expect(held).toBeDefined();
  for (const [name, hash] of Object.entries(others))
    expect(hash, name).toBe(name.includes('eval') ? held : train);
});

for (const name of ['out.arrow', 'out'])
  test(`a run that is killed again and again and resumed ends with the same bytes (${name})`, {
    timeout: 600_000,
  }, async () => {
    await run(name);
    const expected = await contents(folder);
    await rm(join(folder, name), { recursive: true });
    await rm(join(folder, 'out.eval.arrow'), { force: true });
    const script = fileURLToPath(new URL('../../test/preprocess-files.js', import.meta.url));
    let kills = 0;
    for (let round = 0; ; round++) {
      const args = [script, corpus, join(folder, name), String(round % 3), 'resume'];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const exit = once(child, 'exit');
      await once(child.stdout, 'data');
      // The first rounds end before, the later ones after more and more of the work.
      const timer = setTimeout(() => child.kill('SIGKILL'), 20 * round);
      const [code] = await exit;
      clearTimeout(timer);
      // A kill may come when all is done, or all but taking away the lock.
      const names = await readdir(folder);
      const isDone = names.includes(name) && !names.some((other) => /\.(partial|lock)$/.test(other));
      if (code === 0 || isDone) break;
      kills++;
    }
    expect(kills).toBeGreaterThan(3);
    expect(await contents(folder)).toEqual(expected);
  });

test('a resumed run refuses other inputs and other options', async () => {
  const text = join(folder, 'in.txt');
  await writeFile(text, 'a'.padEnd(4000).repeat(5000));
  const controller = new AbortController();
  // The first finished unit is what makes the partial output worth keeping.
  const abortLater = ({ bytes }: { bytes: number }) => bytes > 13e6 && controller.abort();
  const options = { inputs: [text], signal: controller.signal, onProgress: abortLater };
  const interrupted = run('out.arrow', { ...options });
  await expect(interrupted).rejects.toThrow(/aborted/);
  await expect(run('out.arrow', { inputs: [text], resume: true, seed: 7 })).rejects.toThrow(
    /cannot resume: seed changed/,
  );
  await utimes(text, 1, 1);
  await expect(run('out.arrow', { inputs: [text], resume: true })).rejects.toThrow(
    /cannot resume: inputs changed/,
  );
});

test('parts of several processes join to the bytes of a single run', async () => {
  await run('whole.arrow');
  await run('whole');
  for (const worldSize of [2, 3, 9]) {
    const parts: string[] = [];
    for (let rank = 0; rank < worldSize; rank++)
      parts.push((await run('part.arrow', { share: { rank, worldSize } })).output);
    await mergeDatasets(parts.toReversed(), join(folder, 'merged.arrow'), { overwrite: true });
    await mergeDatasets(parts, join(folder, 'merged'), { overwrite: true, shardBytes: 1 });
    const all = await contents(folder);
    expect(all['/merged.arrow']).toBe(all['/whole.arrow']);
    expect(all['/merged.eval.arrow']).toBe(all['/whole.eval.arrow']);
    expect(await contents(join(folder, 'merged'))).toEqual(await contents(join(folder, 'whole')));
    await expect(mergeDatasets(parts.slice(1), join(folder, 'x.arrow'))).rejects.toThrow(
      /part 0 of \d is missing/,
    );
  }
});

test('the work of a share is even', async () => {
  const rows = await Promise.all(
    [0, 1].map(async (rank) => (await run('even.arrow', { share: { rank, worldSize: 2 } })).counts.bytes!),
  );
  expect(Math.abs(rows[0]! - rows[1]!)).toBeLessThan(5 << 20);
});

test('a limit of rows takes the first ones, and stages see these alone', async () => {
  await run('all.arrow', { evalFraction: 0 });
  const { counts } = await run('some.arrow', { evalFraction: 0, limit: 77, workers: 2, stages: [stage] });
  expect(counts).toMatchObject({ rows: 77, seen: 77 });
  const [all, some] = await Promise.all(
    ['all.arrow', 'some.arrow'].map((name) => openDataset(join(folder, name))),
  );
  expect(some!.rows).toBe(77);
  expect((await some!.batch(0)).toString()).toBe((await all!.batch(0)).slice(0, 77).toString());
  await Promise.all([all!.close(), some!.close()]);
});

test('an aborted run ends soon, and without any finished unit leaves nothing behind', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  await expect(run('out.arrow', { workers: 2, signal: controller.signal })).rejects.toThrow(/aborted/);
  expect(await readdir(folder)).toEqual([]);
});
