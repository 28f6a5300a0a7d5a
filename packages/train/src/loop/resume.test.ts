import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { InputError } from '@mlm/base/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../random/random.js';
import { type DatasetShape, temporaryFolder, tokenizerOf, writeDataset } from '../testing/dataset.fixture.js';
import { testDevice, testEngines } from '../testing/engines.fixture.js';
import { writeTinyModel } from '../testing/model.fixture.js';
import type { TrainOptions } from './options.js';
import { train } from './train.js';

const folder = await temporaryFolder();
const options: TrainOptions = {
  dataset: folder.file('rows.arrow'),
  model: folder.file('tiny'),
  maxSteps: 30,
  batchSize: 8,
  microBatchSize: 3,
  gradientAccumulation: 2,
  masking: 'dynamic',
  saveEvery: 4,
  keep: 2,
  evalEvery: 5,
  threads: 2,
};

const shape: DatasetShape = { rowsPerUnit: [60, 71], sequenceLength: 40, ragged: true, validationRows: 9 };

beforeAll(async () => {
  await writeDataset(options.dataset, shape);
  await writeTinyModel(options.model!);
});
afterAll(() => folder.remove());

const program = `
  const { train } = await import(process.argv[1]);
  for await (const event of train(JSON.parse(process.argv[2]))) console.log(event.type, event.step);
`;

/** Trains in a process of its own, which is killed when it tells of the step. */
async function trainUntil(killAt: number, given: TrainOptions): Promise<void> {
  const library = new URL('../../dist/index.js', import.meta.url).href;
  const code = ['--input-type=module', '-e', program, library, JSON.stringify(given)];
  const child = spawn(process.execPath, code, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) {
    if (line === `step ${killAt}`) child.kill('SIGKILL');
  }
}

async function results(output: string) {
  const metrics = (await readFile(join(output, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return {
    model: (await readFile(join(output, 'model.safetensors'))).toString('base64'),
    optimizer: (await readFile(join(output, 'optimizer.safetensors'))).toString('base64'),
    metrics: metrics.map((line) => {
      const { tokens_per_second: _, elapsed_seconds: __, wall_time: ___, ...repeatable } = JSON.parse(line);
      return repeatable;
    }),
  };
}

// Eager tfjs is slow.
const engines = testEngines('onnx', 'eager');
const device = testDevice;

it.each(engines)(
  'a run that is killed and resumed ends with the same bits as an unbroken one: %s',
  {
    timeout: 300_000,
  },
  async (engine) => {
    const few = { maxSteps: 5, saveEvery: 2, evalEvery: 3, batchSize: 2, microBatchSize: 1 };
    const chosen = { ...options, maxSteps: 30, engine, device, ...(engine === 'eager' && few) };
    const { maxSteps } = chosen;
    const unbroken = folder.file(`unbroken-${engine}`);
    for await (const _ of train({ ...chosen, output: unbroken }));
    const broken = folder.file(`broken-${engine}`);
    const random = new Random(Date.now());
    const kills: number[] = [];
    let at = 0;
    while (at < maxSteps) {
      at += 1 + random.below(Math.floor(0.7 * maxSteps));
      kills.push(at);
      await trainUntil(at, { ...chosen, output: broken, resume: kills.length > 1 });
    }
    // The last kill may have come before the last step was written down, or after the end.
    await trainUntil(Number.POSITIVE_INFINITY, { ...chosen, output: broken, resume: true });
    const [ours, theirs] = [await results(broken), await results(unbroken)];
    expect(ours.metrics, `killed at steps ${kills}`).toEqual(theirs.metrics);
    expect(ours.model === theirs.model, `weights, killed at steps ${kills}`).toBe(true);
    expect(ours.optimizer === theirs.optimizer, `moments, killed at steps ${kills}`).toBe(true);
  },
);

it.each(['roberta-tiny', 'modernbert-tiny'])(
  'so does one on rows that several documents share: %s',
  { timeout: 300_000 },
  async (model) => {
    const dataset = folder.file('documents.arrow');
    const packed: DatasetShape = { rowsPerUnit: [23], sequenceLength: 40, documentStarts: [0, 11, 12, 30] };
    await rm(dataset, { force: true });
    await writeDataset(dataset, packed);
    const steps = { maxSteps: 9, batchSize: 6, microBatchSize: 4, saveEvery: 2, masking: 'dynamic' as const };
    const given = { dataset, model, ...steps, dropout: 0.1, threads: 2 };
    const unbroken = folder.file(`${model}-unbroken`);
    for await (const _ of train({ ...given, output: unbroken }));
    const broken = folder.file(`${model}-broken`);
    // After a checkpoint, and within the second epoch.
    await trainUntil(5, { ...given, output: broken });
    await trainUntil(Number.POSITIVE_INFINITY, { ...given, output: broken, resume: true });
    const [ours, theirs] = [await results(broken), await results(unbroken)];
    expect(ours.metrics).toEqual(theirs.metrics);
    expect(ours.metrics).toHaveLength(9);
    expect(ours.model === theirs.model, 'weights').toBe(true);
    expect(ours.optimizer === theirs.optimizer, 'moments').toBe(true);
    // The documents count: the same rows without their starts train another model.
    await rm(dataset);
    await writeDataset(dataset, { rowsPerUnit: [23], sequenceLength: 40 });
    const mixed = folder.file(`${model}-mixed`);
    for await (const _ of train({ ...given, output: mixed }));
    expect((await results(mixed)).metrics[0]).not.toEqual(ours.metrics[0]);
  },
);

it('so does a resumed run large enough for engines to use several threads', {
  timeout: 600_000,
}, async () => {
  // bert-tiny on 16 × 128 of 30,522 ids, which every row repeats.
  const dataset = folder.file('full-size.arrow');
  await writeDataset(dataset, { rowsPerUnit: [64], sequenceLength: 128, vocabularySize: 30_522 });
  const given = { dataset, model: 'bert-tiny', maxSteps: 24, batchSize: 16, saveEvery: 8, evalEvery: 0 };
  const unbroken = folder.file('full-size-unbroken');
  for await (const _ of train({ ...given, output: unbroken }));
  const broken = folder.file('full-size-broken');
  await trainUntil(11, { ...given, output: broken });
  await trainUntil(Number.POSITIVE_INFINITY, { ...given, output: broken, resume: true });
  const [ours, theirs] = [await results(broken), await results(unbroken)];
  expect(ours.metrics).toEqual(theirs.metrics);
  expect(ours.model === theirs.model, 'weights').toBe(true);
  expect(ours.optimizer === theirs.optimizer, 'moments').toBe(true);
});

it('refuses to resume another run, or to overwrite one', async () => {
  const output = folder.file('refusals');
  const consume = async (changed: Partial<TrainOptions>) => {
    for await (const _ of train({ ...options, output, maxSteps: 2, ...changed }));
  };
  await expect(consume({ resume: true })).rejects.toThrow(/no such folder/);
  await consume({});
  await expect(consume({})).rejects.toThrow(InputError);
  await expect(consume({ resume: true, batchSize: 16 })).rejects.toThrow(
    /batch-size 16, the run began with 8/,
  );
  await expect(consume({ resume: true, microBatchSize: 4 })).rejects.toThrow(
    /micro-batch-size 4, the run began with 3/,
  );
  // Memory decides on a new run only.
  await consume({ resume: true, microBatchSize: 'auto' });
  await consume({ overwrite: true, batchSize: 16 });
});

it('names the difference if a run is resumed on another dataset with as many rows', async () => {
  const output = folder.file('datasets');
  const dataset = folder.file('changing.arrow');
  const packed: DatasetShape = { ...shape, ragged: false };
  const consume = async (written: DatasetShape, changed: Partial<TrainOptions>) => {
    await rm(dataset, { force: true });
    await rm(folder.file('changing.eval.arrow'), { force: true });
    await writeDataset(dataset, written);
    for await (const _ of train({ ...options, dataset, output, maxSteps: 2, ...changed }));
  };
  await consume(packed, {});
  const refusal = async (written: DatasetShape, changed: Partial<TrainOptions> = {}) => {
    const error: unknown = await consume(written, { ...changed, resume: true }).catch((error) => error);
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  };
  expect(await refusal({ ...packed, seed: 2 })).toMatch(
    /datasets: cannot be resumed with dataset-content [0-9a-f]{16}, the run began with [0-9a-f]{16}$/,
  );
  expect(await refusal({ ...packed, sequenceLength: 39 })).toMatch(
    /with sequence-length 39, the run began with 40(;|$)/,
  );
  expect(await refusal({ ...packed, replace: 'bert' })).toMatch(/with masking-rule .*"bert".*"mask"/);
  const tokenizer = { ...tokenizerOf(37), sha256: 'other' };
  expect(await refusal(packed, { tokenizer })).toMatch(
    /with tokenizer other, the run began with [0-9a-f]+(;|$)/,
  );
  await consume(packed, { resume: true });
});
