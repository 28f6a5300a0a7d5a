import * as tf from '@tensorflow/tfjs-core';
import { loadTfjsNode } from '../runtime/load_tfjs_node.js';
import type { TensorflowCheck } from './check.js';

/** Entry point of the process that {@link checkTensorflow} starts: `check_process.js FOLDER DEVICE`. */
async function main(folder: string, device: 'cpu' | 'cuda'): Promise<void> {
  const started = performance.now();
  await loadTfjsNode({ folder, device });
  const check: TensorflowCheck = {
    device: (tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice ? 'cuda' : 'cpu',
    matmul_gflops: Math.round(matmulRate(1024)),
    training_step: trainingStep(),
    milliseconds: 0,
  };
  check.milliseconds = Math.round(performance.now() - started);
  console.log(JSON.stringify(check));
}

/** Best of a few rounds of an n × n product, in GFLOP/s; also holds one element against the exact sum. */
function matmulRate(n: number): number {
  const a = tf.fill([n, n], 0.5);
  const b = tf.fill([n, n], 2);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    const corner = tf.slice(tf.matMul(a, b), [0, 0], [1, 1]).dataSync()[0];
    best = Math.min(best, performance.now() - started);
    if (corner !== n) throw new Error(`a matmul gave ${corner}, expected ${n}`);
  }
  return (2 * n ** 3) / best / 1e6;
}

/** One gradient step on a least-squares problem; the loss must fall. */
function trainingStep(): { before: number; after: number } {
  const weights = tf.variable(tf.zeros([4, 1]));
  const rows = tf.tensor2d([1, 0, 2, 1, 0, 1, 1, 3, 2, 2, 0, 1], [3, 4]);
  const wanted = tf.tensor2d([1, -1, 2], [3, 1]);
  const loss = () => tf.mean(tf.square(tf.sub(tf.matMul(rows, weights), wanted))) as tf.Scalar;
  const { value, grads } = tf.variableGrads(loss, [weights]);
  const gradient = grads[weights.name];
  if (!gradient) throw new Error('the training step gave no gradient');
  weights.assign(tf.sub(weights, tf.mul(gradient, 0.01)));
  const [before, after] = [value.dataSync()[0] ?? Number.NaN, loss().dataSync()[0] ?? Number.NaN];
  if (!(after < before)) throw new Error(`one training step took the loss from ${before} to ${after}`);
  return { before, after };
}

main(process.argv[2] ?? '', process.argv[3] === 'cuda' ? 'cuda' : 'cpu').catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
