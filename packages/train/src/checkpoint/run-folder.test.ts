import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { initializeWeights } from '../models/initialize.js';
import { temporaryFolder } from '../testing/dataset.fixture.js';
import { tinyModel } from '../testing/model.fixture.js';
import { readCheckpoint } from './checkpoint.js';
import { RunFolder, type Snapshot } from './run-folder.js';

/** How many changes to the file system the process still makes before it is killed. */
const life = vi.hoisted(() => ({ left: Number.POSITIVE_INFINITY }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const mortal =
    <Arguments extends unknown[], Result>(change: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments) => {
      if (life.left-- <= 0) throw new Error('killed');
      return change(...given);
    };
  return {
    ...real,
    rename: mortal(real.rename),
    rm: mortal(real.rm),
    mkdir: mortal(real.mkdir),
    link: mortal(real.link),
    copyFile: mortal(real.copyFile),
    writeFile: mortal(real.writeFile),
    // A killed process loses nothing that it has written: to wait for the disk a thousand times shows nothing.
    open: async (...given: Parameters<typeof real.open>) =>
      Object.assign(await real.open(...given), { sync: async () => {} }),
  };
});

const folder = await temporaryFolder();
afterEach(() => {
  life.left = Number.POSITIVE_INFINITY;
});
afterAll(() => folder.remove());

const model = tinyModel({
  num_hidden_layers: 1,
  hidden_size: 4,
  intermediate_size: 4,
  max_position_embeddings: 8,
});
const weights = initializeWeights(model, 1);
const [name, parameter] = [...weights][0]!;
const moments = [`exp_avg.${name}`, `exp_avg_sq.${name}`];

/** A snapshot whose every number is its step. */
function snapshotOf(step: number): Snapshot {
  const values = [...weights].map(
    ([name, { length }]) => [name, new Float32Array(length).fill(step)] as const,
  );
  return {
    checkpoint: { model, weights: new Map(values), tokenizerFiles: { 'vocab.txt': 'a\n' } },
    state: {
      step,
      epoch: 0,
      batch: step,
      tokens: step,
      elapsed_seconds: 1,
      best: null,
      evaluated_step: null,
      evaluations_without_improvement: 0,
      recipe: {},
    },
    moments: new Map(moments.map((name) => [name, new Float32Array(parameter.length).fill(step)])),
  };
}

/** Does something until it ends or is killed; tells whether it ended. */
async function lives(changes: number, work: () => Promise<unknown>): Promise<boolean> {
  life.left = changes;
  const ended = await work().then(
    () => true,
    () => false,
  );
  life.left = Number.POSITIVE_INFINITY;
  return ended;
}

/** Expects a whole snapshot to go on from, and a checkpoint in the folder itself. */
async function expectUsable(run: RunFolder, steps: number[], when: string): Promise<void> {
  const found = await run.newest();
  expect(steps, when).toContain(found?.state.step);
  expect((await readdir(run.path)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  const { step } = found!.state;
  for (const name of moments) expect(found!.moments.get(name)![0], when).toBe(step);
  for (const values of found!.checkpoint.weights.values())
    expect(values.every((value) => value === step)).toBe(true);
}

it('a kill at any moment of the last save, or of the next, leaves a complete run', async () => {
  for (let first = 0, done = false; !done; first++) {
    for (let second = first % 7, again = false; !again; second += 7) {
      const run = new RunFolder(folder.file(`kills-${first}-${second}`));
      await run.create({ resume: false });
      await run.saveLast(snapshotOf(1));
      done = await lives(first, () => run.saveLast(snapshotOf(2)));
      // The run is taken up again, goes a step on, and is killed again.
      again = await lives(second, async () => {
        await run.newest();
        await run.create({ resume: true });
        await run.saveLast(snapshotOf(3));
      });
      // Any program may open the folder meanwhile.
      expect((await readCheckpoint(run.path)).model.limits.hidden).toBe(4);
      await expectUsable(run, again ? [3] : [1, 2, 3], `killed after ${first} and ${second} changes`);
      // What stood whole once is never lost.
      if (done) await expectUsable(run, again ? [3] : [2, 3], `killed after ${second} changes`);
    }
  }
});

it('a kill while old checkpoints are removed leaves the new one', async () => {
  for (let changes = 0, done = false; !done; changes++) {
    const run = new RunFolder(folder.file(`numbered-${changes}`));
    await run.create({ resume: false });
    for (const step of [1, 2]) await run.saveNumbered(snapshotOf(step), 2);
    done = await lives(changes, () => run.saveNumbered(snapshotOf(3), 1));
    await expectUsable(run, done ? [3] : [2, 3], `killed after ${changes} changes`);
    await run.create({ resume: true, keep: 1 });
    const left = await readdir(run.path);
    expect(left.filter((name) => name.endsWith('.partial'))).toEqual([]);
    expect(left.filter((name) => name.startsWith('checkpoint-'))).toHaveLength(1);
  }
});

it('refuses to resume in a folder without a run', async () => {
  const run = new RunFolder(folder.file('foreign'));
  await mkdir(run.path);
  const refusal =
    /foreign: holds no training run \(no trainer_state.json, checkpoint-\* or metrics.jsonl\)[^\n]*$/;
  await expect(run.check({ resume: true, overwrite: false, inputs: [] })).rejects.toThrow(refusal);
  for (const name of ['config.json', 'model.safetensors']) await writeFile(join(run.path, name), '');
  await expect(run.check({ resume: true, overwrite: false, inputs: [] })).rejects.toThrow(refusal);
  await writeFile(join(run.path, 'metrics.jsonl'), '');
  await run.check({ resume: true, overwrite: false, inputs: [] });
});

it('a kill at any moment of an overwrite leaves the old run or the new one', async () => {
  for (let changes = 0, done = false; !done; changes++) {
    const run = new RunFolder(folder.file(`replaced-${changes}`));
    await run.create({ resume: false });
    await run.saveLast(snapshotOf(1));
    const begin = async () => {
      await run.check({ resume: false, overwrite: true, inputs: [] });
      await run.create({ resume: false });
    };
    done = await lives(changes, begin);
    await run.check({ resume: true, overwrite: false, inputs: [] });
    const found = await run.newest();
    expect([undefined, 1], `killed after ${changes} changes`).toContain(found?.state.step);
    if (done) expect(await readdir(run.path)).toEqual(['metrics.jsonl']);
    // Whatever is left over is no obstacle to the next try.
    await begin();
    expect(await readdir(run.path)).toEqual(['metrics.jsonl']);
    expect((await readdir(folder.path)).filter((name) => name.startsWith(`replaced-${changes}.`))).toEqual(
      [],
    );
  }
});

it.each(['thesis.tex', 'best/notes.txt', 'checkpoint-1/data.arrow', 'src/', 'last/best/config.json'])(
  'overwrite leaves a run that also holds %s as it is',
  async (foreign) => {
    const run = new RunFolder(folder.file(`holds-${foreign.replaceAll('/', '-')}`));
    await run.create({ resume: false });
    const path = join(run.path, foreign);
    await mkdir(foreign.endsWith('/') ? path : join(path, '..'), { recursive: true });
    if (!foreign.endsWith('/')) await writeFile(path, 'mine');
    const overwrite = () => run.check({ resume: false, overwrite: true, inputs: [] });
    await expect(overwrite()).rejects.toThrow(
      /contains .*, which is not part of the output of a training run/,
    );
  },
);

it('overwrite keeps a checkpoint that no run wrote, and the run’s own inputs', async () => {
  const checkpoint = new RunFolder(folder.file('downloaded'));
  await mkdir(checkpoint.path);
  for (const name of ['config.json', 'model.safetensors', 'vocab.txt'])
    await writeFile(join(checkpoint.path, name), 'mine');
  const overwrite = (run: RunFolder, inputs: string[]) =>
    run.check({ resume: false, overwrite: true, inputs });
  await expect(overwrite(checkpoint, [])).rejects.toThrow(/is not the output of a training run/);
  const run = new RunFolder(folder.file('continued'));
  await run.create({ resume: false });
  await run.saveBest(snapshotOf(1).checkpoint);
  await expect(overwrite(run, [join(run.path, 'best')])).rejects.toThrow(/contains the input/);
  await expect(overwrite(run, [run.path])).rejects.toThrow(/is the input/);
  expect(await readFile(join(checkpoint.path, 'vocab.txt'), 'utf8')).toBe('mine');
  await overwrite(run, []);
});
