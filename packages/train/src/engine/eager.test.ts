import { IGNORED_LABEL } from '@mlm/masking';
import { expect, it } from 'vitest';
import { assembleBatch, type Batch, rowOf } from '../data/batch.js';
import { presetModel } from '../models/index.js';
import { initializeWeights } from '../models/initialize.js';
import { adamWDefaults } from '../optimizer/adamw.js';
import { Random } from '../random/random.js';
import { Trainer } from './trainer.js';

const vocabulary = 30_522;
const model = presetModel('bert-tiny', vocabulary);
const shape = { batch: 2, sequence: 16 };

function randomBatch(seed: number): Batch {
  const random = new Random(seed);
  const rows = Array.from({ length: shape.batch }, () => {
    const ids = Int32Array.from({ length: shape.sequence }, () => random.below(vocabulary));
    return rowOf(
      ids,
      ids.map((id, i) => (i % 5 === 0 ? id : IGNORED_LABEL)),
    );
  });
  return assembleBatch(rows, shape, 0);
}

async function losses(engine: 'eager' | 'onnx', steps: number): Promise<number[]> {
  const trainer = await Trainer.create(model, initializeWeights(model, 3), {
    engine,
    device: 'cpu',
    threads: 1,
    precision: 'fp32',
    batchSize: shape.batch,
    lengths: [shape.sequence],
    optimizer: adamWDefaults,
    gradientAccumulation: 1,
    frozenLayers: 0,
    seed: 1,
  });
  const found: number[] = [];
  // The same batch again, so that the second loss tells of the first update.
  for (let step = 1; step <= steps; step++) found.push(await trainer.train([randomBatch(5)], 1e-3, step));
  await trainer.dispose();
  return found;
}

it('trains with BERT’s whole vocabulary in seconds, and lets other tasks run between steps', async () => {
  const onnx = await losses('onnx', 2);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const eager = await losses('eager', 2);
  clearInterval(timer);
  expect(onnx[1]).toBeLessThan(onnx[0]! - 0.1);
  for (const [step, loss] of onnx.entries()) expect(Math.abs(eager[step]! - loss)).toBeLessThan(1e-3);
  expect(turns).toBeGreaterThanOrEqual(1);
}, 120_000);
