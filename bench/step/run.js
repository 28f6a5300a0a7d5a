// Some steps of bert on the onnx engine, and where the time of one goes.
// node run.js DATASET MODEL BATCH_SIZE DROPOUT STEPS OUTPUT
// Prints JSON: seconds from the start of the process to the end of its first step; seconds of each further step; shares of
// these that the optimizer's update and the drawing of dropout masks take, from the processor's profile.
import { Session } from 'node:inspector/promises';
import { startTraining } from '../measure/steps.js';

const [dataset, model, batchSize, dropout, steps, output] = process.argv.slice(2).map(String);
const { step, timed } = startTraining({
  dataset: String(dataset),
  model: String(model),
  engine: 'onnx',
  device: 'cpu',
  batchSize: Number(batchSize),
  dropout: Number(dropout),
  threads: 2,
  output: String(output),
});

await step();
const first = process.uptime();
await step(); // which still allocates
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.start');
const { seconds } = await timed(Number(steps));
const { profile } = await session.post('Profiler.stop');
const whole = seconds.reduce((sum, value) => sum + value, 0);
const shares = {
  update: secondsIn(profile, 'update') / whole,
  masks: secondsIn(profile, 'drawMasks') / whole,
};
process.stdout.write(`${JSON.stringify({ first, seconds, ...shares })}\n`);
process.exit(0); // the run is left where it stands, without a checkpoint

/**
 * Seconds in a method of the host's share of a step, and in what it calls.
 * @param {import('node:inspector').Profiler.Profile} given
 * @param {string} method
 */
function secondsIn({ nodes, samples = [], timeDeltas = [] }, method) {
  /** @type {Map<number, number>} */
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const isMethod = new Set(
    nodes
      .filter(
        ({ callFrame }) => callFrame.functionName === method && callFrame.url.endsWith('/host-runner.js'),
      )
      .map(({ id }) => id),
  );
  let microseconds = 0;
  for (const [i, sample] of samples.entries()) {
    for (let id = /** @type {number | undefined} */ (sample); id !== undefined; id = parents.get(id)) {
      if (!isMethod.has(id)) continue;
      microseconds += timeDeltas[i] ?? 0;
      break;
    }
  }
  return microseconds / 1e6;
}
