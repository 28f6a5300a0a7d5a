import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { description } from '../../test/description.js';
import { columnOf } from '../../test/rows.js';
import type { ColumnBatch } from '../batch/column-batch.js';
import { encodeColumns, type SelfWritingBatch, writeBuffers } from './encoded.js';
import { arrowFile } from './file.js';
import { datasetFolder } from './folder.js';
import { finishedUnits } from './journal.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-self-writing-'));
});
afterEach(() => rm(folder, { recursive: true }));

const options = () => ({ description: description(), job: { seed: 1 } });
const units = [3, 1, 40, 2, 700, 5].map(
  (rows, unit): ColumnBatch => ({
    columns: { input_ids: columnOf(Array.from({ length: rows }, (_, row) => [2, unit, row, 3])) },
    place: { unit, firstRow: 0, split: 'train', counts: { documents: 1 } },
  }),
);

/** A batch that is written after a while, as by a thread that is busy. */
function later(batch: ColumnBatch, milliseconds: number): SelfWritingBatch {
  const { encoded, buffers } = encodeColumns(batch);
  return {
    ...encoded,
    write: async (descriptor, position) => {
      await setTimeout(milliseconds);
      writeBuffers(descriptor, buffers, position);
    },
  };
}

/** A file, or the files of a folder, by their names, with their bytes. */
function contents(path: string): Record<string, string> {
  if (statSync(path).isFile()) return { '.arrow': readFileSync(path, 'latin1') };
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(path, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(path, name), 'latin1')]));
}

for (const shardBytes of [undefined, 1])
  test(`batches that write themselves in any order give the bytes that columns give (${shardBytes ? 'shards' : 'one file'})`, async () => {
    const sink = (path: string) =>
      shardBytes ? datasetFolder(path, { ...options(), shardBytes }) : arrowFile(path, options());
    const paths = ['one', 'other'].map((name) => join(folder, shardBytes ? name : `${name}.arrow`));
    await pipeline(Readable.from(units), sink(paths[0]!));
    await pipeline(Readable.from(units.map((unit, i) => later(unit, 60 - 10 * i))), sink(paths[1]!));
    const [one, other] = paths.map(contents);
    expect(other).toEqual(one);
    expect(Object.keys(one!).filter((name) => name.endsWith('.arrow'))).toHaveLength(shardBytes ? 6 : 1);
  });

test('the journal lists only written units, and a failed write ends the run with its message', async () => {
  const path = join(folder, 'out.arrow');
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  const failing: SelfWritingBatch = { ...later(units[2]!, 0), write: () => Promise.reject(full) };
  const written = units.slice(0, 2).map((unit) => later(unit, 0));
  const after = units.slice(3).map((unit) => later(unit, 20));
  await expect(
    pipeline(Readable.from([...written, failing, ...after]), arrowFile(path, options())),
  ).rejects.toThrow(/train\.arrow: the disk is full/);
  expect((await finishedUnits(path)).every(({ unit }) => unit < 2)).toBe(true);
});

test('a file is closed only after its last write', async () => {
  const path = join(folder, 'out.arrow');
  let isWritten = false;
  let noteBegun = () => {};
  const begun = new Promise<void>((resolve) => {
    noteBegun = resolve;
  });
  const slow: SelfWritingBatch = {
    ...later(units[0]!, 0),
    write: async (descriptor, position) => {
      noteBegun();
      await setTimeout(50);
      writeBuffers(descriptor, encodeColumns(units[0]!).buffers, position);
      isWritten = true;
    },
  };
  const sink = arrowFile(path, options());
  const closed = new Promise((resolve) => sink.once('close', resolve));
  const interrupted = async function* () {
    yield slow;
    await begun;
    throw new Error('interrupted');
  };
  await expect(pipeline(interrupted, sink)).rejects.toThrow('interrupted');
  await closed;
  expect(isWritten).toBe(true);
});
