import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { evaluate } from '../predict/evaluate.js';
import { MaskFiller } from '../predict/fill.js';
import { CLS, MASK, SEP, temporaryFolder, writeDataset } from '../testing/dataset.fixture.js';
import { writeTinyModel } from '../testing/model.fixture.js';
import type { TrainEvent } from './events.js';
import type { TrainOptions } from './options.js';
import { train } from './train.js';

const folder = await temporaryFolder();
const dataset = folder.file('counting.arrow');
const model = folder.file('tiny');

beforeAll(async () => {
  await writeDataset(dataset, {
    rowsPerUnit: [150, 170],
    sequenceLength: 16,
    validationRows: 32,
    vocabularySize: 15,
  });
  await writeTinyModel(model);
});
afterAll(() => folder.remove());

async function run(options: Partial<TrainOptions>): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train({ dataset, model, threads: 1, learningRate: 5e-3, ...options }))
    events.push(event);
  return events;
}

const losses = (events: TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));

it('learns to count, and writes a checkpoint that evaluates and fills as the trained model does', async () => {
  const output = folder.file('learned');
  const events = await run({ output, epochs: 10, batchSize: 16, dropout: 0 });
  expect(losses(events)).toHaveLength(200);
  const [end] = events.slice(-1);
  expect(end).toMatchObject({ type: 'end', reason: 'finished', step: 200 });
  const evaluation = events.find((event) => event.type === 'evaluation')!;
  expect(evaluation.accuracy).toBeGreaterThan(0.9);
  const { loss, accuracy } = await evaluate({ dataset, model: output, batchSize: 8 });
  expect(loss).toBeCloseTo(evaluation.loss, 4);
  expect(accuracy).toBeCloseTo(evaluation.accuracy, 6);

  const filler = await MaskFiller.open(output);
  const candidates = await filler.fill(
    [CLS, 6, 7, 8, MASK, 10, 11, 12, MASK, 14, 5, 6, 7, 8, 9, SEP],
    MASK,
    3,
  );
  expect(candidates.map(([best]) => best!.id)).toEqual([9, 13]);
  expect(candidates[0]).toHaveLength(3);
  await filler.dispose();

  const lines = (await readFile(join(output, 'metrics.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(Object.keys(lines[0])).toEqual([
    'step',
    'loss',
    'gradient_norm',
    'learning_rate',
    'tokens',
    'tokens_per_second',
    'elapsed_seconds',
    'epoch',
    'wall_time',
  ]);
  for (const { step, epoch } of lines) expect(epoch).toBeCloseTo(step / 20);
  expect(lines.filter((line) => 'eval_loss' in line)).toHaveLength(1);
  expect(await readdir(output)).toEqual(
    expect.arrayContaining(['config.json', 'model.safetensors', 'vocab.txt']),
  );
});

it('gives the same losses with any number of loader threads', async () => {
  const [none, two] = await Promise.all(
    [0, 2].map((loaderThreads) =>
      run({ output: folder.file(`threads-${loaderThreads}`), maxSteps: 12, loaderThreads }),
    ),
  );
  expect(losses(two!)).toEqual(losses(none!));
});

it('initializes a model from a folder with only a config.json, but not beside unreadable weights', async () => {
  const fresh = folder.file('fresh');
  await mkdir(fresh);
  const config = JSON.parse(await readFile(join(model, 'config.json'), 'utf8'));
  // Weights without any spread answer evenly.
  await writeFile(join(fresh, 'config.json'), JSON.stringify({ ...config, initializer_range: 0 }));
  const events = await run({ model: fresh, output: folder.file('from-config'), maxSteps: 1 });
  expect(losses(events)[0]).toBeCloseTo(Math.log(config.vocab_size), 5);
  await writeFile(join(fresh, 'pytorch_model.bin'), '');
  await expect(run({ model: fresh, output: folder.file('from-bin'), maxSteps: 1 })).rejects.toThrow(
    'model.safetensors',
  );
});

it('keeps the newest checkpoints and the best, and writes a report that needs no network', async () => {
  const output = folder.file('kept');
  const events = await run({ output, maxSteps: 9, saveEvery: 2, keep: 2, evalEvery: 3 });
  const folders = (await readdir(output)).filter((name) => name.startsWith('checkpoint-'));
  expect(folders.sort()).toEqual(['checkpoint-6', 'checkpoint-8']);
  const evaluations = events.filter((event) => event.type === 'evaluation');
  expect(evaluations.map(({ step }) => step)).toEqual([3, 6, 9]);
  const best = evaluations.reduce((least, event) => (event.loss < least.loss ? event : least));
  const { loss } = await evaluate({ dataset, model: join(output, 'best') });
  expect(loss).toBeCloseTo(best.loss, 4);

  const page = await readFile(join(output, 'report.html'), 'utf8');
  const report = page.replaceAll(/<(script|style)>.*?<\/\1>/gs, '');
  expect(report.match(/<figure /g)).toHaveLength(5);
  expect(report).toContain('Answers on validation rows');
  expect(report).toContain('<dd>finished</dd>');
  expect(page).not.toMatch(/(src|href)="(?!data:)/);
  expect(report).not.toMatch(/NaN|undefined/);
});

it('stops early when the validation loss no longer falls', async () => {
  // A learning rate of 0 never makes it better.
  const events = await run({
    output: folder.file('early'),
    learningRate: 0,
    maxSteps: 50,
    evalEvery: 2,
    patience: 3,
  });
  expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'stopped early', step: 8 });
});
