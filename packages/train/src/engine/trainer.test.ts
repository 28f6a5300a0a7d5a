import '@tensorflow/tfjs-backend-cpu';
import { OutOfMemoryError } from '@mlm/compile';
import { IGNORED_LABEL } from '@mlm/masking';
import { describe, expect, it } from 'vitest';
import { assembleBatch, type Batch, rowOf } from '../data/batch.js';
import { initializeWeights } from '../models/initialize.js';
import { isFrozen, type Model } from '../models/model.js';
import { adamWDefaults } from '../optimizer/adamw.js';
import { Random } from '../random/random.js';
import { tinyModel } from '../testing/model.fixture.js';
import { Evaluator } from './evaluator.js';
import { Trainer, type TrainerOptions } from './trainer.js';

const shape = { batch: 4, sequence: 12 };
const options: TrainerOptions = {
  engine: 'onnx',
  device: 'cpu',
  threads: 1,
  precision: 'fp32',
  batchSize: shape.batch,
  lengths: [shape.sequence],
  optimizer: { ...adamWDefaults, clipNorm: 0 },
  gradientAccumulation: 1,
  frozenLayers: 0,
  seed: 1,
};
const weights = initializeWeights(tinyModel(), 1);
const withDropout = tinyModel({ hidden_dropout_prob: 0.2, attention_probs_dropout_prob: 0.3 });
const without = tinyModel({ hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 });

function randomBatch(seed: number, labelled = true): Batch {
  const random = new Random(seed);
  const rows = Array.from({ length: shape.batch }, () => {
    const input_ids = new Int32Array(shape.sequence).map(() => 5 + random.below(30));
    const labels = input_ids.map((id, i) => (labelled && i % 4 === 1 ? id : IGNORED_LABEL));
    return rowOf(input_ids, labels);
  });
  return assembleBatch(rows, shape, 0);
}

async function losses(model: Model, change: Partial<TrainerOptions>, steps = [1, 2, 3]) {
  const trainer = await Trainer.create(model, weights, { ...options, ...change });
  const found: number[] = [];
  for (const step of steps) found.push(await trainer.train([randomBatch(9)], 0, step));
  await trainer.dispose();
  return found;
}

describe('dropout', () => {
  it('is the same on every engine, and for the same seed and step', async () => {
    const onnx = await losses(withDropout, {});
    const eager = await losses(withDropout, { engine: 'eager' });
    for (const [index, loss] of onnx.entries()) expect(loss).toBeCloseTo(eager[index]!, 4);
    expect(await losses(withDropout, {}, [3, 2, 1])).toEqual(onnx.toReversed());
  });

  it('differs from step to step and from seed to seed', async () => {
    const found = await losses(withDropout, {});
    const others = await losses(withDropout, { seed: 2 });
    expect(new Set([...found, ...others]).size).toBe(6);
    expect(new Set(await losses(without, {})).size).toBe(1);
  });

  it('does not affect evaluation', async () => {
    const scores = [];
    for (const model of [withDropout, without]) {
      const trainer = await Trainer.create(model, weights, options);
      const evaluator = await Evaluator.sharing(trainer, options);
      scores.push(await evaluator.score(randomBatch(9)));
      await trainer.dispose();
    }
    expect(scores[0]).toEqual(scores[1]);
  });
});

it('summed micro-batches equal one batch of all their rows', async () => {
  const parts = [randomBatch(1), randomBatch(2, false), randomBatch(3)];
  const accumulating = await Trainer.create(without, weights, { ...options, gradientAccumulation: 3 });
  const whole = await Trainer.create(without, weights, { ...options, batchSize: 12 });
  for (const step of [1, 2]) {
    const loss = await accumulating.train(parts, 1e-2, step);
    expect(loss).toBeCloseTo(await whole.train([joined(parts)], 1e-2, step), 5);
  }
  const name = 'bert.encoder.layer.0.intermediate.dense.weight';
  const [ours, theirs] = [(await accumulating.weights()).get(name)!, (await whole.weights()).get(name)!];
  expect(Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!)))).toBeLessThan(1e-4);
});

it.each([1, 2, 3])('divides a batch into micro-batches of %d rows without loss', async (rows) => {
  const whole = await Trainer.create(without, weights, options);
  const gradientAccumulation = Math.ceil(shape.batch / rows);
  const cut = await Trainer.create(without, weights, { ...options, batchSize: rows, gradientAccumulation });
  for (const step of [1, 2, 3]) {
    const batch = randomBatch(step);
    expect(await cut.train([batch], 1e-3, step)).toBeCloseTo(await whole.train([batch], 1e-3, step), 5);
  }
  await whole.dispose();
  await cut.dispose();
});

function joined(parts: Batch[]): Batch {
  const rows = parts.flatMap(({ input_ids, masked_positions, masked_labels, masked }) => {
    const labels = new Int32Array(input_ids.length).fill(IGNORED_LABEL);
    for (let i = 0; i < masked; i++) labels[masked_positions[i]!] = masked_labels[i]!;
    return Array.from({ length: shape.batch }, (_, row) => {
      const at = [row * shape.sequence, (row + 1) * shape.sequence] as const;
      return rowOf(input_ids.slice(...at), labels.slice(...at));
    });
  });
  return assembleBatch(rows, { ...shape, batch: rows.length }, 0);
}

it.each(['onnx', 'eager'] as const)(
  'has loss 0 for a batch without a masked position, on %s',
  async (engine) => {
    const trainer = await Trainer.create(without, weights, { ...options, engine });
    expect(await trainer.train([randomBatch(4, false)], 1e-2, 1)).toBe(0);
    for (const [name, values] of await trainer.weights()) {
      // Nothing but the decay of the weights moves them.
      const expected = weights.get(name)!;
      expect(Math.max(...values.map((value, i) => Math.abs(value - expected[i]!))), name).toBeLessThan(1e-3);
    }
    await trainer.dispose();
  },
);

it('trains all layers but the frozen ones', async () => {
  const trainer = await Trainer.create(without, weights, { ...options, frozenLayers: 1 });
  await trainer.train([randomBatch(1)], 1e-2, 1);
  const trained = await trainer.weights();
  for (const parameter of without.parameters) {
    const { name } = parameter;
    const values = trained.get(name)!;
    const same = values.every((value, i) => value === weights.get(name)![i]);
    expect(same, name).toBe(isFrozen(parameter, 1));
  }
  await trainer.dispose();
});

it('simulated: an out-of-memory error names a micro-batch size', async () => {
  const trainer = await Trainer.create(tinyModel(), weights, options);
  trainer.executable.run = () => Promise.reject(new OutOfMemoryError('device: cuda', shape.batch));
  await expect(trainer.train([randomBatch(1)], 0, 1)).rejects.toThrow(/^device: cuda: .*microBatchSize: 2,/);
  await trainer.dispose();
});
