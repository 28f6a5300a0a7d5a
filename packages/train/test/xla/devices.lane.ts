import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assembleBatch, type Batch, rowOf } from '../../src/data/batch.js';
import { splitBatch } from '../../src/data/split.js';
import { Evaluator } from '../../src/engine/evaluator.js';
import { Predictor } from '../../src/engine/predictor.js';
import { Trainer } from '../../src/engine/trainer.js';
import type { TrainOptions } from '../../src/loop/options.js';
import { train } from '../../src/loop/train.js';
import { initializeWeights } from '../../src/models/initialize.js';
import { adamWDefaults } from '../../src/optimizer/adamw.js';
import { Random } from '../../src/random/random.js';
import { temporaryFolder, writeDataset } from '../../src/testing/dataset.fixture.js';
import { tinyModel, writeTinyModel } from '../../src/testing/model.fixture.js';
import { relativeError } from '../../src/testing/reference.fixture.js';

const sequence = 32;
// One layer: most of the time goes into compiling.
const model = tinyModel({
  num_hidden_layers: 1,
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
});

/** Batches of a number of rows, of which each has another number of masked positions. */
function someBatches(rows: number, count: number): Batch[] {
  const random = new Random(5);
  return Array.from({ length: count }, () => {
    const list = Array.from({ length: rows }, () => {
      const ids = Int32Array.from({ length: sequence }, () => 5 + random.below(32));
      // A fifth of each row, give or take one: counts that are padded alike.
      const labels = ids.map((id, i) => (i % 5 === 0 && random.below(8) > 0 ? id : -100));
      return rowOf(ids, labels);
    });
    return assembleBatch(list, { batch: rows, sequence }, 0);
  });
}

async function trained(devices: number, rows: number, batchSize = rows) {
  const batches = someBatches(rows, 4);
  const trainer = await Trainer.create(model, initializeWeights(model, 3), {
    engine: 'xla',
    device: 'cpu',
    devices,
    threads: 2,
    precision: 'fp32',
    batchSize,
    lengths: [sequence],
    optimizer: adamWDefaults,
    gradientAccumulation: Math.ceil(rows / batchSize),
    frozenLayers: 0,
    seed: 1,
  });
  const losses: number[] = [];
  for (const [index, batch] of batches.entries()) losses.push(await trainer.train([batch], 1e-3, index + 1));
  const evaluator = await Evaluator.sharing(trainer, { lengths: [sequence] });
  const predictor = await Predictor.sharing(trainer, { lengths: [sequence] });
  const [part] = splitBatch(batches[0]!, batchSize, 0);
  const score = await evaluator.score(part!);
  const probabilities = await predictor.predict(part!);
  const weights = await trainer.weights();
  await predictor.dispose();
  await evaluator.dispose();
  await trainer.dispose();
  return { losses, score, probabilities, weights };
}

describe.each([
  ['2 devices', 2, 8, 8],
  ['4 devices, rows that they cannot share evenly', 4, 10, 10],
  ['2 devices, in micro-batches', 2, 8, 4],
])('%s', (_, devices, rows, batchSize) => {
  test('train with the losses, dropout and results of one device', async () => {
    const [one, many] = [await trained(1, rows, batchSize), await trained(devices, rows, batchSize)];
    for (const [i, loss] of many.losses.entries()) expect(Math.abs(loss - one.losses[i]!)).toBeLessThan(1e-5);
    expect(Math.abs(many.score.lossSum / one.score.lossSum - 1)).toBeLessThan(1e-5);
    expect(many.score.correct).toBe(one.score.correct);
    expect(relativeError(many.probabilities, one.probabilities)).toBeLessThan(1e-4);
  });
});

test('the same devices give the same bits', async () => {
  const [first, second] = [await trained(2, 8), await trained(2, 8)];
  expect(second).toEqual(first);
});

describe('a run', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    const shape = { rowsPerUnit: [60, 71], sequenceLength: 40, ragged: true, validationRows: 9 };
    await writeDataset(folder.file('rows.arrow'), shape);
    await writeTinyModel(folder.file('tiny'));
  });
  afterAll(() => folder.remove());

  const steps = 6;
  async function run(output: string, options: Partial<TrainOptions>, until = steps): Promise<void> {
    const given = {
      dataset: folder.file('rows.arrow'),
      model: folder.file('tiny'),
      engine: 'xla' as const,
      maxSteps: steps,
      batchSize: 8,
      saveEvery: 3,
      evalEvery: 3,
      threads: 2,
      output: folder.file(output),
      ...options,
    };
    let limit = 0;
    for await (const event of train(given)) {
      if (event.type === 'start') limit = event.programLimit!;
      if (event.type === 'end') {
        // A training and an evaluation program at the least.
        expect(event.programs).toBeGreaterThanOrEqual(2);
        expect(event.programs).toBeLessThanOrEqual(limit);
      }
      if (event.type === 'checkpoint' && event.step === until) return;
    }
  }

  async function lossesOf(output: string): Promise<number[]> {
    const lines = (await readFile(join(folder.file(output), 'metrics.jsonl'), 'utf8')).trim().split('\n');
    return lines.map((line) => JSON.parse(line)).flatMap((line) => line.loss ?? line.eval_loss ?? []);
  }

  test('resumes on another number of devices, with the losses of a run on one', async () => {
    await run('one', { devices: 1 });
    await run('several', { devices: 2 }, 3);
    await run('several', { devices: 4, resume: true });
    const [one, several] = [await lossesOf('one'), await lossesOf('several')];
    expect(several).toHaveLength(one.length);
    for (const [i, loss] of several.entries()) expect(Math.abs(loss - one[i]!)).toBeLessThan(2e-5);
  });

  test('several devices are the engine xla’s alone', async () => {
    await expect(run('none', { engine: 'onnx', devices: 2 })).rejects.toThrow(
      'devices: 2: the engine onnx supports only one; use engine: xla',
    );
  });
});
