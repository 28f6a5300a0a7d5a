// Trains through the public `train`, a round of steps at a time, as it is asked on standard input.
// node ours.js DATASET MODEL ENGINE PRECISION DEVICE BATCH_SIZE THREADS OUTPUT
import { createInterface } from 'node:readline';
import { startTraining } from '../measure/steps.js';

const [dataset, model, engine, precision, device, batchSize, threads, output] = /** @type {string[]} */ (
  process.argv.slice(2)
);
const { timed } = startTraining({
  dataset: String(dataset),
  model: String(model),
  engine: /** @type {import('@mlm/train').TrainSettings['engine']} */ (engine),
  precision: /** @type {import('@mlm/compile').Precision} */ (precision),
  device: /** @type {'cpu' | 'cuda' | 'webgpu'} */ (device),
  batchSize: Number(batchSize),
  threads: Number(threads),
  output: String(output),
  learningRate: 5e-5,
});

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await timed(JSON.parse(line).steps))}\n`);
process.exit(0); // the run is left where it stands, without a checkpoint
