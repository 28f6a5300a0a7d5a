import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type RecordBatch, tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { description } from '../../test/description.js';
import { columnOf, rowsOf } from '../../test/rows.js';
import { tokenBatch } from '../batch/create.js';
import { describeBatches, placeOf } from '../batch/place.js';
import { openDataset } from '../dataset/open.js';
import type { Split } from '../metadata.js';
import type { DatasetSinkOptions } from './dataset.js';
import { arrowFile } from './file.js';
import { datasetFolder } from './folder.js';
import { finishedUnits } from './journal.js';
import { arrowStream } from './stream.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-arrow-'));
});
afterEach(() => rm(folder, { recursive: true }));

const units = [
  batch(0, 'train', [
    [2, 5, 3],
    [2, 6, 3],
  ]),
  batch(1, 'train', [[2, 7, 3]]),
  batch(1, 'validation', [[2, 8, 8, 3]]),
  batch(2, 'train', []),
  batch(4, 'train', [[2, 5, 5, 5, 3]]),
];
const sinks = {
  file: (path: string, options?: DatasetSinkOptions) => arrowFile(path, options),
  folder: (path: string, options?: DatasetSinkOptions) => datasetFolder(path, { shardBytes: 1, ...options }),
};

function batch(unit: number, split: Split, rows: number[][]): RecordBatch {
  return describeBatches(description())(
    tokenBatch(columnOf(rows), { unit, firstRow: 0, split, counts: { documents: 1 } }),
  );
}

async function write(
  path: string,
  batches: RecordBatch[],
  kind: keyof typeof sinks,
  options?: DatasetSinkOptions,
) {
  await pipeline(Readable.from(batches), sinks[kind](path, options));
}

/** Fails after these batches, as a run that is interrupted. */
async function interrupt(path: string, batches: RecordBatch[], kind: keyof typeof sinks) {
  const source = async function* () {
    yield* batches;
    throw new Error('interrupted');
  };
  const sink = sinks[kind](path);
  const closed = new Promise((resolve) => sink.once('close', resolve));
  await expect(pipeline(source, sink)).rejects.toThrow('interrupted');
  await closed;
}

/** Every file under a folder with its bytes. */
async function contents(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const bytes = await Promise.all(files.map((file) => readFile(file, 'latin1')));
  return Object.fromEntries(files.map((file, i) => [file.slice(root.length), bytes[i]!]).sort());
}

for (const kind of ['file', 'folder'] as const) {
  const name = kind === 'file' ? 'out.arrow' : 'out';

  test(`${kind}: rows, metadata and validation rows are read back as written`, async () => {
    const path = join(folder, name);
    await write(path, units, kind);
    const dataset = await openDataset(path);
    expect(dataset.rows).toBe(4);
    const batches: RecordBatch[] = [];
    for await (const batch of dataset) batches.push(batch);
    expect(batches.flatMap((b) => rowsOf(b, 'input_ids'))).toEqual([
      [2, 5, 3],
      [2, 6, 3],
      [2, 7, 3],
      [2, 5, 5, 5, 3],
    ]);
    expect(batches.map((b) => placeOf(b)?.unit)).toEqual([0, 1, 4]);
    expect(dataset.metadata?.rows_per_unit).toEqual([2, 1, 0, 0, 1]);
    expect(dataset.metadata?.counts).toEqual({ rows: 5, tokens: 18, documents: 5 });
    expect(dataset.metadata?.tokenizer).toEqual(description().tokenizer);
    expect(dataset.validation?.metadata?.split).toBe('validation');
    expect(rowsOf(await dataset.validation!.batch(0), 'input_ids')).toEqual([[2, 8, 8, 3]]);
    await dataset.close();
    expect(await readdir(folder)).not.toContain(`${name}.partial`);
  });

  test(`${kind}: an interrupted run goes on after the last finished unit and gives the same bytes`, async () => {
    const whole = join(folder, 'whole.arrow');
    await write(whole, units, kind);
    const expected = await contents(folder);
    await rm(whole, { recursive: true });
    await rm(join(folder, 'whole.eval.arrow'), { force: true });
    for (let count = 1; count <= units.length; count++) {
      await interrupt(whole, units.slice(0, count), kind);
      const last = (await finishedUnits(whole)).at(-1)?.unit ?? -1;
      const rest = units.filter((unit) => placeOf(unit)!.unit > last);
      await write(whole, rest, kind, { resume: true });
      expect(await contents(folder), `after ${count} batches`).toEqual(expected);
      await write(whole, units, kind, { overwrite: true });
      expect(await contents(folder)).toEqual(expected);
      await rm(whole, { recursive: true });
      await rm(join(folder, 'whole.eval.arrow'), { force: true });
    }
  });

  test(`${kind}: an existing target or partial target is refused`, async () => {
    const path = join(folder, name);
    await write(path, units, kind);
    await expect(write(path, units, kind)).rejects.toThrow(/exists already; .*overwrite/);
    await rm(path, { recursive: true });
    await rm(join(folder, 'out.eval.arrow'), { force: true });
    await interrupt(path, units, kind);
    await expect(write(path, units, kind)).rejects.toThrow(/interrupted run; use overwrite/);
    await expect(write(path, units, kind, { job: {} })).rejects.toThrow(
      /interrupted run; use resume or overwrite/,
    );
    await expect(write(path, [], kind, { resume: true, job: { seed: 1 } })).rejects.toThrow(/seed changed/);
  });

  test(`${kind}: a run without any finished unit leaves nothing behind`, async () => {
    await interrupt(join(folder, name), [], kind);
    expect(await readdir(folder)).toEqual([]);
  });
}

test('a file is also a stream after its leading magic, as other programs read it', async () => {
  const path = join(folder, 'out.arrow');
  await write(path, units, 'file');
  const bytes = await readFile(path);
  expect(tableFromIPC(bytes).numRows).toBe(4);
  expect(tableFromIPC(bytes.subarray(8)).numRows).toBe(4);
});

test('arrow-js reads a stream', async () => {
  const output = new PassThrough();
  const [, bytes] = await Promise.all([pipeline(Readable.from(units), arrowStream(output)), buffer(output)]);
  expect(tableFromIPC(bytes).numRows).toBe(5);
});

test('truncated files are refused, wherever the cut is', async () => {
  const path = join(folder, 'out.arrow');
  await write(path, units, 'file');
  const { length } = await readFile(path);
  await truncate(path, length - 3);
  await expect(openDataset(path)).rejects.toThrow(/cut off/);
  await truncate(path, 5);
  await expect(openDataset(path)).rejects.toThrow(/out.arrow/);
  const out = join(folder, 'out');
  await write(out, units, 'folder');
  const [name] = (await readdir(join(out, 'train'))).filter((file) => file.endsWith('.arrow'));
  const shard = join(out, 'train', name!);
  await truncate(shard, (await readFile(shard)).length - 8);
  await expect(openDataset(out)).rejects.toThrow(/cut off/);
});

test('a dataset without input_ids is refused with the names of its columns', async () => {
  const path = join(folder, 'texts.arrow');
  await writeFile(path, tableToIPC(tableFromArrays({ body: Int32Array.of(1) }), 'file'));
  await expect(openDataset(path)).rejects.toThrow(
    /texts\.arrow: no column "input_ids" \(columns: body\); .*preprocess\(/,
  );
});
