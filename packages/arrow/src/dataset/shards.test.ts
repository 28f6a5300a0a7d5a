import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { tokenBatch } from '../batch/create.js';
import { datasetFolder } from '../sink/folder.js';
import { checkShards } from './shards.js';

async function folderOfOneShard(): Promise<{ folder: string; shard: string }> {
  const folder = join(mkdtempSync(join(tmpdir(), 'mlm-shards-')), 'out');
  const rows = { values: Int32Array.of(101, 7592, 102), offsets: Int32Array.of(0, 3) };
  await pipeline([tokenBatch(rows)], datasetFolder(folder));
  const shard = join(folder, readdirSync(folder).find((name) => name.endsWith('.arrow'))!);
  return { folder, shard };
}

test('a sound shard passes; a changed, shortened or missing one is named', async () => {
  const { folder, shard } = await folderOfOneShard();
  expect(await checkShards(folder)).toBe(1);
  const bytes = readFileSync(shard);
  const changed = Buffer.from(bytes);
  changed[bytes.length >> 1]! ^= 1;
  writeFileSync(shard, changed);
  await expect(checkShards(folder)).rejects.toThrow(`${shard}: does not match the checksum`);
  truncateSync(shard, bytes.length - 8);
  await expect(checkShards(folder)).rejects.toThrow(`${shard}: has ${bytes.length - 8} bytes`);
  rmSync(shard);
  await expect(checkShards(folder)).rejects.toThrow(`${shard}: is missing`);
});

test('a dataset without a manifest has no shards to check', async () => {
  expect(await checkShards('/nonexistent')).toBe(0);
});
