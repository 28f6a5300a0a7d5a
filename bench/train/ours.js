// Trains through the public `train`, a round of steps at a time, as it is asked on standard input.
// node ours.js DATASET MODEL ENGINE PRECISION DEVICE BATCH_SIZE THREADS OUTPUT
import { createInterface } from 'node:readline';
import { train } from '@mlm/train';

const [dataset, model, engine, precision, device, batchSize, threads, output] = /** @type {string[]} */ (
  process.argv.slice(2)
);
const events = train({
  dataset: String(dataset),
  model: String(model),
  engine: /** @type {import('@mlm/train').TrainSettings['engine']} */ (engine),
  precision: precision === 'bf16' ? 'bf16' : 'fp32',
  device: /** @type {'cpu' | 'cuda' | 'webgpu'} */ (device),
  batchSize: Number(batchSize),
  threads: Number(threads),
  output: String(output),
  learningRate: 5e-5,
  schedule: 'constant',
  warmup: 0,
  maxSteps: 1_000_000,
  overwrite: true,
});

/** Goes on to the end of the next step. @returns {Promise<number>} its loss */
async function step() {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error('the run ended');
    if (value.type === 'step') return value.loss;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const seconds = [];
  const losses = [];
  for (let left = JSON.parse(line).steps; left > 0; left--) {
    const started = performance.now();
    losses.push(await step());
    seconds.push((performance.now() - started) / 1000);
  }
  process.stdout.write(`${JSON.stringify({ seconds, losses })}\n`);
}
process.exit(0); // the run is left where it stands, without a checkpoint
