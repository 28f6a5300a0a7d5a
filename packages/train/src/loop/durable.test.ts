import { existsSync, readdirSync } from 'node:fs';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { temporaryFolder, writeDataset } from '../testing/dataset.fixture.js';
import { writeTinyModel } from '../testing/model.fixture.js';
import { train } from './train.js';

const folder = await temporaryFolder();
afterAll(() => folder.remove());

/** Calls `seen` with every file that this process syncs, until the function that it gives is called. */
async function onSync(seen: (file: Awaited<ReturnType<FileHandle['stat']>>) => void): Promise<() => void> {
  const handle = await open(folder.file('any'), 'w');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { sync } = prototype;
  prototype.sync = async function (this: FileHandle) {
    await sync.call(this);
    seen(await this.stat());
  };
  return () => {
    prototype.sync = sync;
  };
}

it('the log of a checkpoint’s steps is on disk before the checkpoint appears', async () => {
  const dataset = folder.file('rows.arrow');
  await writeDataset(dataset, { rowsPerUnit: [64], sequenceLength: 8, validationRows: 8 });
  const model = folder.file('tiny');
  await writeTinyModel(model);
  const output = folder.file('run');
  const metrics = join(output, 'metrics.jsonl');

  /** Bytes of each log that are on disk, when each of the names in the run's folder was first there. */
  const synced = new Map<number, number>();
  const before = new Map<string, ReadonlyMap<number, number>>();
  const restore = await onSync(({ ino, size }) => {
    const names = existsSync(output) ? readdirSync(output) : [];
    for (const name of names) if (!before.has(name)) before.set(name, new Map(synced));
    synced.set(Number(ino), Number(size));
  });
  const checkpoints: { name: string; lines: number; step: number }[] = [];
  try {
    const options = {
      dataset,
      model,
      output,
      maxSteps: 6,
      batchSize: 4,
      saveEvery: 2,
      evalEvery: 2,
      keep: 0,
    };
    for await (const event of train(options)) {
      if (event.type !== 'checkpoint') continue;
      const name = event.folder === output ? 'trainer_state.json' : event.folder.slice(output.length + 1);
      checkpoints.push({ name, step: event.step, lines: (await readFile(metrics)).length });
    }
  } finally {
    restore();
  }
  const names = checkpoints.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['best', 'checkpoint-2', 'checkpoint-4', 'trainer_state.json']),
  );
  const events = readdirSync(output).find((name) => name.startsWith('events.out'))!;
  for (const { name, step, lines } of checkpoints) {
    // A later best/ replaces one whose name was there before.
    if (name === 'best' && step > 2) continue;
    const there = before.get(name) ?? synced;
    expect(there.get((await stat(metrics)).ino), `metrics.jsonl before ${name}`).toBe(lines);
    expect(there.get((await stat(join(output, events))).ino), `${events} before ${name}`).toBeGreaterThan(0);
  }
});
