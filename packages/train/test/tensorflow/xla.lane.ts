import { expect, test } from 'vitest';
import { assembleBatch, type Batch, rowOf } from '../../src/data/batch.js';
import { Trainer, type TrainerOptions } from '../../src/engine/trainer.js';
import { initializeWeights } from '../../src/models/initialize.js';
import { adamWDefaults } from '../../src/optimizer/adamw.js';
import { Random } from '../../src/random/random.js';
import { tinyModel } from '../../src/testing/model.fixture.js';

const [rows, sequence, steps] = [8, 32, 10];
const model = tinyModel({ hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 });

/** Batches of which each decodes another number of positions. */
function someBatches(): Batch[] {
  const random = new Random(5);
  return Array.from({ length: steps }, () =>
    assembleBatch(
      Array.from({ length: rows }, () => {
        const ids = Int32Array.from({ length: sequence }, () => 5 + random.below(32));
        return rowOf(
          ids,
          ids.map((id) => (random.below(100) < 15 ? id : -100)),
        );
      }),
      { batch: rows, sequence },
      0,
    ),
  );
}

async function losses(batches: Batch[], engine: Pick<TrainerOptions, 'engine' | 'xla'>) {
  const trainer = await Trainer.create(model, initializeWeights(model, 3), {
    ...engine,
    device: 'cpu',
    threads: 2,
    precision: 'fp32',
    batchSize: rows,
    lengths: [sequence],
    optimizer: adamWDefaults,
    gradientAccumulation: 1,
    frozenLayers: 0,
    seed: 1,
  });
  const sizes = new Set<number>();
  const run = trainer.executable.run.bind(trainer.executable);
  trainer.executable.run = (inputs) => {
    sizes.add((inputs.masked_positions as Int32Array).length);
    return run(inputs);
  };
  const result: number[] = [];
  for (const [index, batch] of batches.entries()) result.push(await trainer.train([batch], 1e-3, index + 1));
  await trainer.dispose();
  return { losses: result, sizes };
}

test('XLA meets few shapes, and its losses are those of another engine without it', async () => {
  const batches = someBatches();
  expect(new Set(batches.map(({ masked }) => masked)).size).toBeGreaterThan(6);
  const plain = await losses(batches, { engine: 'onnx' });
  const compiled = await losses(batches, { engine: 'tensorflow', xla: true });
  expect(process.env.TF_XLA_FLAGS).toContain('auto_jit');
  expect(compiled.sizes.size).toBeLessThanOrEqual(3);
  for (const [index, loss] of compiled.losses.entries())
    expect(Math.abs(loss - plain.losses[index]!), `loss of step ${index + 1}`).toBeLessThan(1e-4);
});
