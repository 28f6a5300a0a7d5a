import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeDatasets, openDataset } from '@mlm/arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { letters, rowsIn, wideCorpus } from '../../test/corpus.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { type PreprocessOptions, preprocess } from './preprocess.js';

let root: string;
let tokenizer: Tokenizer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mlm-documents-'));
  await wideCorpus(join(root, 'corpus'));
  tokenizer = await letters();
});
afterAll(() => rm(root, { recursive: true }));

async function run(name: string, options: Partial<PreprocessOptions> = {}) {
  const output = join(root, name);
  const inputs = [join(root, 'corpus')];
  const common = { evalFraction: 0.3, sequenceLength: 16, pack: 'documents', workers: 0 } as const;
  const report = await preprocess({ inputs, tokenizer, output, ...common, ...options });
  return { ...report, hash: await hashOf(report.output) };
}

const hashOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

test('packed documents are the same with any number of workers, in shares, and limited', async () => {
  const whole = await run('whole.arrow');
  expect((await run('threads.arrow', { workers: 3 })).hash).toBe(whole.hash);
  const parts = [];
  for (const rank of [0, 1]) parts.push((await run('p.arrow', { share: { rank, worldSize: 2 } })).output);
  await mergeDatasets(parts, join(root, 'merged.arrow'));
  expect(await hashOf(join(root, 'merged.arrow'))).toBe(whole.hash);

  const dataset = await openDataset(whole.output);
  const [rows, starts] = [await rowsIn(dataset), await rowsIn(dataset, 'document_starts')];
  expect(dataset.metadata).toMatchObject({ format_version: 2, cut: { pack: 'documents' } });
  expect(dataset.validation!.rows).toBeGreaterThan(0);
  await dataset.close();
  const begun = rows.map((row) => [...row.keys()].filter((i) => row[i] === tokenizer.specialIds.cls));
  expect(starts).toEqual(begun);
  expect(starts.some((list) => list.length > 2)).toBe(true);

  await run('limited.arrow', { limit: 40, evalFraction: 0 });
  await run('unlimited.arrow', { evalFraction: 0 });
  const [limited, unlimited] = await Promise.all(
    ['limited', 'unlimited'].map((name) => openDataset(join(root, `${name}.arrow`))),
  );
  expect(await rowsIn(limited!, 'document_starts')).toEqual(
    (await rowsIn(unlimited!, 'document_starts')).slice(0, 40),
  );
  await Promise.all([limited!.close(), unlimited!.close()]);
});

test('rows that are held out one by one keep where their documents begin', async () => {
  const { output } = await run('rows.arrow', { evalBy: 'row' });
  const dataset = await openDataset(output);
  for (const part of [dataset, dataset.validation!]) {
    const rows = await rowsIn(part);
    expect(rows.length).toBeGreaterThan(0);
    const begun = rows.map((row) => [...row.keys()].filter((i) => row[i] === tokenizer.specialIds.cls));
    expect(await rowsIn(part, 'document_starts')).toEqual(begun);
  }
  await dataset.close();
});

test('lines are not packed', async () => {
  await expect(run('lines.arrow', { lineByLine: true })).rejects.toThrow(/makes a row of each line/);
});
