import { reportError } from '@mlm/base/spawn';
import { compile, type Device, type Engine, type Executable, enginesWith, targetFor } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';
import type { EnginePlace, EngineProbe } from './probe.js';

/** Entry point of the process that `probeEngine` starts: `probe-process.js ENGINE DEVICE`. */
async function main(engine: Engine, device: Device): Promise<void> {
  if (needsBackend(engine)) {
    tf.enableProdMode();
    await import('@tensorflow/tfjs-backend-cpu');
  }
  const options = { engine, device };
  const probe: Partial<EngineProbe> = {
    version: await targetFor(engine, device, 'fp32').version(device),
    matmul_gflops: Number((await matmulRate(options)).toPrecision(3)),
    step_milliseconds: Number((await stepTime(options)).toFixed(2)),
  };
  console.log(JSON.stringify(probe));
  process.exit(0);
}

const needsBackend = (engine: Engine) => enginesWith('tfjsBackend').includes(engine);

const largestRounds = 5;
const enoughMilliseconds = 1000;

/** The speed of an n × n matrix product in GFLOP/s, the best of a few rounds. @throws Error if its sum is wrong */
async function matmulRate(options: EnginePlace): Promise<number> {
  // In plain JavaScript, the usual size would take many seconds.
  const n = needsBackend(options.engine) ? 256 : 1024;
  const product = await compile(({ a, b }) => ({ sum: tf.sum(tf.matMul(a!, b!)) }), {
    ...options,
    variables: {
      a: { shape: [n, n], value: new Float32Array(n * n).fill(0.5) },
      b: { shape: [n, n], value: new Float32Array(n * n).fill(2) },
    },
  });
  const { milliseconds, result } = await timed(product, 'sum');
  if (Math.abs(result / n ** 3 - 1) > 1e-4)
    throw new Error(`a matrix product sums to ${result}, expected ${n ** 3}`);
  return (2 * n ** 3) / milliseconds / 1e6;
}

/**
 * The time of a gradient step of a dense layer on a least-squares problem, in ms. @throws Error if the loss does not
 * fall
 */
async function stepTime(options: EnginePlace): Promise<number> {
  const [rows, width] = [64, 64];
  const step = await compile(
    ({ weight }, { x }) => {
      const { value: loss, grads } = tf.variableGrads(
        () => tf.mean(tf.square(tf.sub(tf.matMul(x!, weight!), 1))) as tf.Scalar,
      );
      weight!.assign(tf.sub(weight!, tf.mul(grads[weight!.name]!, 0.1)));
      return { loss };
    },
    {
      ...options,
      variables: { weight: { shape: [width, width] } },
      inputs: { x: { shape: [rows, width], dtype: 'float32' } },
    },
  );
  const x = new Float32Array(rows * width).map((_, i) => ((i * 7) % 13) / 13);
  const before = (await step.run({ x })).loss![0]!;
  const { milliseconds, result: after } = await timed(step, 'loss', { x });
  if (!(after < before))
    throw new Error(`the loss went from ${before} to ${after} in training, expected it to fall`);
  return milliseconds;
}

async function timed(executable: Executable, output: string, inputs: Record<string, Float32Array> = {}) {
  let milliseconds = Number.POSITIVE_INFINITY;
  let result = Number.NaN;
  const begun = performance.now();
  for (let round = 0; round < largestRounds && performance.now() - begun < enoughMilliseconds; round++) {
    const started = performance.now();
    result = (await executable.run(inputs))[output]![0]!;
    milliseconds = Math.min(milliseconds, performance.now() - started);
  }
  await executable.dispose();
  return { milliseconds, result };
}

main(process.argv[2] as Engine, process.argv[3] as Device).catch((error: Error) => {
  reportError(error);
  process.exit(1);
});
