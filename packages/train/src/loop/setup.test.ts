import { openDataset } from '@mlm/arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint/checkpoint.js';
import { temporaryFolder, tokenizerOf as tokenizer, writeDataset } from '../testing/dataset.fixture.js';
import { writeTinyModel } from '../testing/model.fixture.js';
import { openData, tokenizerOf } from './open-data.js';
import { openModel } from './open-model.js';
import { planRun } from './plan-run.js';
import { resolveOptions } from './resolve.js';

const folder = await temporaryFolder();
const dataset = folder.file('rows.arrow');
const tiny = folder.file('tiny');

beforeAll(async () => {
  await writeDataset(dataset, { rowsPerUnit: [33], sequenceLength: 16, validationRows: 5 });
  await writeTinyModel(tiny);
});
afterAll(() => folder.remove());

const optionsOf = (given: object) => resolveOptions({ dataset, ...given });

describe('openModel', () => {
  it('initializes a preset for the tokenizer, by the seed', async () => {
    const { checkpoint, firstWeights } = await openModel(
      optionsOf({ model: 'distilbert-tiny', dropout: 0.3 }),
      tokenizer(37),
    );
    expect(checkpoint.model).toMatchObject({ type: 'distilbert', limits: { vocabulary: 37, padId: 0 } });
    expect(checkpoint.model.dropoutRates).toEqual({ dropout: 0.3, attention_dropout: 0.3 });
    const again = await openModel(optionsOf({ model: 'distilbert-tiny' }), tokenizer(37));
    expect(again.firstWeights()).toEqual(firstWeights());
    expect(again.notes).toEqual([]);
  });

  it('notes that a preset’s name is also a trained model’s on the hub, and refuses a revision of it', async () => {
    const { notes } = await openModel(optionsOf({ model: 'roberta-base' }), tokenizer(37));
    expect(notes).toEqual([
      'roberta-base: a new model with random weights; the hub has the trained one as FacebookAI/roberta-base',
    ]);
    const revised = openModel(optionsOf({ model: 'roberta-base', revision: 'main' }), tokenizer(37));
    await expect(revised).rejects.toThrow(/roberta-base: is a new model, which has no revisions/);
  });

  it('returns the weights of a checkpoint, or of the run being continued, wherever it began', async () => {
    const read = await readCheckpoint(tiny);
    const opened = await openModel(optionsOf({ model: tiny }), tokenizer(37));
    expect(opened.firstWeights()).toEqual(read.weights);
    const resumed = await openModel(optionsOf({ model: 'gone' }), tokenizer(37), read);
    expect(resumed.firstWeights()).toBe(read.weights);
  });

  it('refuses to freeze more layers than the model has', async () => {
    const opening = openModel(optionsOf({ model: tiny, freezeLayers: 3 }), tokenizer(37));
    await expect(opening).rejects.toThrow('freezeLayers is 3, expected at most 2, the layers of the model');
  });
});

it('openData plans training and validation rows in separate batches', async () => {
  const opened = await openDataset(dataset);
  try {
    const options = optionsOf({ model: tiny, batchSize: 8, microBatchSize: 3 });
    const { model } = (await openModel(options, tokenizer(37))).checkpoint;
    const data = await openData(opened, options, tokenizerOf(opened, undefined), model);
    expect(data).toMatchObject({
      microBatchSize: 3,
      plan: { rows: 33, batchSize: 8, batchesPerEpoch: 5, lengths: [16], shuffleSeed: 42 },
      validation: { plan: { rows: 5, batchSize: 3, batchesPerEpoch: 2 } },
    });
    expect(data.validation!.plan.shuffleSeed).toBeUndefined();
    expect(data.plan.dynamicRule).toBeUndefined();
    const dynamic = await openData(opened, optionsOf({ masking: 'dynamic' }), tokenizer(37), model);
    expect(dynamic.plan.dynamicRule).toBeDefined();
    // They are masked already, and stay as they are.
    expect(dynamic.validation!.plan.dynamicRule).toBeUndefined();
  } finally {
    await opened.close();
  }
});

it.each([
  [{ epochs: 3 }, { stepsPerEpoch: 10, schedule: { totalSteps: 30, warmupSteps: 2 } }],
  [{ maxSteps: 7, warmup: 3 }, { schedule: { totalSteps: 7, warmupSteps: 3 } }],
  [
    { gradientAccumulation: 4, batchSize: 8 },
    { stepsPerEpoch: 3, schedule: { totalSteps: 3 }, trainer: { batchSize: 3, gradientAccumulation: 12 } },
  ],
  [
    { beta1: 0.8, beta2: 0.98, epsilon: 1e-6, weightDecay: 0, clipNorm: 2 },
    { trainer: { optimizer: { beta1: 0.8, beta2: 0.98, epsilon: 1e-6, weightDecay: 0, clipNorm: 2 } } },
  ],
  [{ freezeLayers: 1, gradientCheckpointing: true }, { trainer: { frozenLayers: 1, checkpointing: true } }],
])('planRun with %j counts %j', (given, expected) => {
  expect(
    planRun(optionsOf(given), { batchesPerEpoch: 10, lengths: [16], documents: false }, 3),
  ).toMatchObject(expected);
});
