import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { description } from '../../test/description.js';
import { columnOf } from '../../test/rows.js';
import { tokenBatch } from '../batch/create.js';
import { describeBatches } from '../batch/place.js';
import { datasetFolder } from '../sink/folder.js';
import { openDataset } from './open.js';
import { checkShards } from './shards.js';

let root: string;
let out: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'mlm-sidecar-'));
  out = join(root, 'out');
  const batches = (['train', 'validation'] as const).map((split) =>
    describeBatches(description())(tokenBatch(columnOf([[2, 5, 3]]), { unit: 0, firstRow: 0, split })),
  );
  await pipeline(batches, datasetFolder(out));
});
afterEach(() => rmSync(root, { recursive: true }));

test('names that lead outside the folder are refused', async () => {
  mkdirSync(join(root, 'elsewhere'));
  writeFileSync(join(out, 'dataset_dict.json'), '{"splits":["../elsewhere"]}');
  await expect(openDataset(out)).rejects.toThrow(/dataset_dict\.json: names "\.\.\/elsewhere"/);
  const state = join(out, 'train/state.json');
  for (const filename of ['../validation/x.arrow', '/etc/passwd', '..', '', 7]) {
    writeFileSync(state, JSON.stringify({ _data_files: [{ filename }] }));
    await expect(openDataset(join(out, 'train'))).rejects.toThrow(/state\.json: names/);
  }
  const manifest = join(out, 'train/manifest.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('data-00000', '../data-00000'));
  await expect(checkShards(join(out, 'train'))).rejects.toThrow(/manifest\.json: names/);
});

test('JSON of any shape is read, or refused with the name of its file', async () => {
  for (const [folder, name] of [
    ['', 'dataset_dict.json'],
    ['train', 'state.json'],
    ['train', 'manifest.json'],
  ] as const) {
    const path = join(out, folder, name);
    const text = readFileSync(path, 'utf8');
    const whole = JSON.parse(text) as Record<string, unknown>;
    const inPlace = fc
      .record({ key: fc.constantFrom(...Object.keys(whole)), value: fc.jsonValue() })
      .map(({ key, value }) => JSON.stringify({ ...whole, [key]: value }));
    const texts = fc.oneof(
      fc.json(),
      inPlace,
      fc.nat(text.length).map((end) => text.slice(0, end)),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (changed) => {
        writeFileSync(path, changed);
        try {
          await (await openDataset(out)).close();
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.message).toMatch(/^[^\n]*out[^\n]*$/);
        }
      }),
      { numRuns: 150 },
    );
    writeFileSync(path, text);
  }
});

test('with verify, a changed shard is refused before its first batch is read', async () => {
  const shard = join(out, 'train/data-00000-of-00001.arrow');
  const bytes = readFileSync(shard);
  bytes[bytes.length - 20]! ^= 1;
  writeFileSync(shard, bytes);
  const dataset = await openDataset(out, { verify: true });
  await expect(dataset.batch(0)).rejects.toThrow(/does not match the checksum in its manifest/);
  await dataset.validation!.batch(0);
  await dataset.close();
});
