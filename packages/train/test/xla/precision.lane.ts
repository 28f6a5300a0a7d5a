import { expect, test } from 'vitest';
import { assembleBatch, rowOf } from '../../src/data/batch.js';
import { Trainer } from '../../src/engine/trainer.js';
import { initializeWeights } from '../../src/models/initialize.js';
import { adamWDefaults } from '../../src/optimizer/adamw.js';
import { Random } from '../../src/random/random.js';
import { tinyModel } from '../../src/testing/model.fixture.js';

const [rows, sequence, steps] = [16, 32, 40];
const model = tinyModel({ num_hidden_layers: 1 });

/** A language whose next token follows from the one before, most of the time. */
function batches() {
  const random = new Random(5);
  return Array.from({ length: steps }, () => {
    const list = Array.from({ length: rows }, () => {
      let token = random.below(32);
      const ids = Int32Array.from({ length: sequence }, () => {
        token = random.below(10) === 0 ? random.below(32) : (token + 1) % 32;
        return 5 + token;
      });
      const labels = ids.map((id, i) => (i % 6 === 2 ? id : -100));
      return rowOf(
        ids.map((id, i) => (labels[i] === -100 ? id : 4)),
        labels,
      );
    });
    return assembleBatch(list, { batch: rows, sequence }, 0);
  });
}

async function losses(precision: 'fp32' | 'bf16'): Promise<number[]> {
  const trainer = await Trainer.create(model, initializeWeights(model, 3), {
    engine: 'xla',
    device: 'cpu',
    threads: 2,
    precision,
    batchSize: rows,
    lengths: [sequence],
    optimizer: adamWDefaults,
    gradientAccumulation: 1,
    frozenLayers: 0,
    seed: 1,
  });
  const list: number[] = [];
  for (const [index, batch] of batches().entries()) list.push(await trainer.train([batch], 5e-3, index + 1));
  for (const weights of (await trainer.weights()).values()) expect(weights).toBeInstanceOf(Float32Array);
  await trainer.dispose();
  return list;
}

test('bf16 learns what fp32 does, with losses that are rounded and near', async () => {
  const [exact, rounded] = [await losses('fp32'), await losses('bf16')];
  const end = (list: number[]) => list.slice(-5).reduce((sum, loss) => sum + loss) / 5;
  expect(end(exact)).toBeLessThan(0.9 * exact[0]!);
  expect(Math.abs(rounded[0]! / exact[0]! - 1)).toBeLessThan(2e-3);
  expect(rounded[0]).not.toBe(exact[0]);
  expect(Math.abs(end(rounded) / end(exact) - 1)).toBeLessThan(0.02);
});
