import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InputError } from '@mlm/base/errors';
import { RecordBatchReader, tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { description } from '../../test/description.js';
import { columnOf, rowsOf } from '../../test/rows.js';
import { listColumn } from '../batch/column.js';
import { maskedBatch } from '../batch/create.js';
import { describeBatches, placeOf } from '../batch/place.js';
import { openDataset } from '../dataset/open.js';
import { arrowFile } from '../sink/file.js';
import { datasetFolder } from '../sink/folder.js';
import { verifiedMessages } from './verified.js';

const fixture = (name: string) => readFileSync(new URL(`../../test/${name}`, import.meta.url));

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** All rows of a stream as arrow-js gives them, after verification. */
async function rowsOfStream(bytes: Uint8Array, size = 1000): Promise<unknown[]> {
  const reader = await RecordBatchReader.from(verifiedMessages(inChunks(bytes, size), 'in.arrow'));
  const rows: unknown[] = [];
  for await (const batch of reader) for (const row of batch) rows.push(row?.toJSON());
  return rows;
}

let folder: string;
let file: Buffer;
let shard: Buffer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlm-verified-'));
  const batches = [0, 1].map((unit) => {
    const ids = columnOf([[2, 5, 3], [], [2, 6, 7, 3]]);
    const attention_mask = { values: new Int8Array(ids.values.length).fill(1), offsets: ids.offsets };
    const columns = { input_ids: ids, labels: { ...ids }, attention_mask };
    return describeBatches(description())(maskedBatch(columns, { unit, firstRow: 0, split: 'train' }));
  });
  await pipeline(batches, arrowFile(join(folder, 'out.arrow')));
  await pipeline(batches, datasetFolder(join(folder, 'out')));
  file = readFileSync(join(folder, 'out.arrow'));
  shard = readFileSync(join(folder, 'out/data-00000-of-00001.arrow'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a file that is cut off anywhere is refused, also between two batches, where a stream would end', async () => {
  const messageStarts = [];
  const marker = Buffer.from([0xff, 0xff, 0xff, 0xff]);
  for (let at = file.indexOf(marker); at >= 0; at = file.indexOf(marker, at + 1))
    if (at % 8 === 0) messageStarts.push(at);
  expect(messageStarts.length).toBeGreaterThan(3);
  for (const end of [...messageStarts, file.length - 1, file.length - 4, file.length - 20])
    await expect(rowsOfStream(file.subarray(0, end))).rejects.toThrow('in.arrow: not a whole Arrow file');
  expect(await rowsOfStream(file)).toHaveLength(6);
});

test('concatenated files are refused: the second would be lost silently', async () => {
  for (const [name, whole] of Object.entries({ 'two.arrow': file, 'two.arrows': shard })) {
    const joined = Buffer.concat([whole, whole]);
    const path = join(folder, name);
    writeFileSync(path, whole);
    await (await openDataset(path)).close();
    writeFileSync(path, joined);
    await expect(openDataset(path)).rejects.toThrow(
      / bytes follow its end, as if several files had been joined/,
    );
    for (const size of [1, 100, 1 << 20]) {
      expect(await rowsOfStream(whole, size)).toHaveLength(6);
      await expect(rowsOfStream(joined, size)).rejects.toThrow(/in\.arrow: \d+ bytes follow its end/);
    }
  }
});

test.each(['types', 'dictionary', 'views'])('what pyarrow writes passes: %s', async (name) => {
  const bytes = fixture(`${name}.arrows`);
  const expected = tableFromIPC(bytes)
    .toArray()
    .map((row) => row.toJSON());
  for (const size of [1, 7, 1 << 20])
    expect(JSON.stringify(await rowsOfStream(bytes, size), bigints)).toBe(JSON.stringify(expected, bigints));
});

const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

test('a file is read as the stream that it contains', async () => {
  expect(await rowsOfStream(file)).toHaveLength(6);
});

/** Bytes with a few of them changed, cut out, or doubled: mostly lengths and offsets, which lie at multiples of four. */
const damage = fc.record({
  at: fc.nat(1 << 20),
  word: fc.oneof(
    fc.constantFrom(0, 1, -1, 255, 1 << 16, 0x7fffffff, -0x80000000, 1 << 24),
    fc.integer({ min: -64, max: 64 }),
  ),
  kind: fc.constantFrom('word', 'byte', 'cut', 'drop', 'repeat'),
});

function damaged(bytes: Buffer, changes: { at: number; word: number; kind: string }[]): Buffer {
  let result = Buffer.from(bytes);
  for (const { at: place, word, kind } of changes) {
    const at = place % Math.max(1, result.length - 4);
    if (kind === 'word' && result.length > 8) result.writeInt32LE(word, at & ~3);
    else if (kind === 'byte') result[at] = word & 255;
    else if (kind === 'cut') result = result.subarray(0, at);
    else if (kind === 'drop') result = Buffer.concat([result.subarray(0, at), result.subarray(at + 8)]);
    else result = Buffer.concat([result.subarray(0, at + 32), result.subarray(at)]);
  }
  return result;
}

const changes = fc.array(damage, { minLength: 1, maxLength: 3 });

/** Runs to an end, or fails with a line for the user. */
async function endsWell(read: () => Promise<unknown>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).not.toMatch(/\n/);
  }
}

async function readAll(path: string): Promise<void> {
  const dataset = await openDataset(path);
  try {
    for await (const batch of dataset) {
      placeOf(batch);
      for (const { name } of batch.schema.fields) listColumn(batch, name);
      rowsOf(batch, 'input_ids');
    }
  } finally {
    await dataset.close();
  }
}

test('a damaged dataset, file or stream, is read, or refused by name', async () => {
  const path = join(folder, 'damaged.arrow');
  for (const whole of [file, shard])
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        writeFileSync(path, damaged(whole, list));
        await endsWell(() => readAll(path));
      }),
      { numRuns: 400 },
    );
});

test('a damaged stream of any columns is read, or refused by name', async () => {
  for (const name of ['types', 'dictionary', 'views'])
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        await endsWell(async () => {
          const bytes = damaged(fixture(`${name}.arrows`), list);
          for await (const message of verifiedMessages(inChunks(bytes, 4096), 'in.arrow')) void message;
        });
      }),
      { numRuns: 300 },
    );
});

test('a message that claims more bytes than the file has does not allocate them', async () => {
  const bytes = Buffer.from(shard.subarray(0, 16));
  bytes.writeInt32LE(0x7ffffff0, 4);
  await expect(rowsOfStream(bytes)).rejects.toThrow(/in\.arrow: not a whole Arrow file \(it is cut off/);
});
