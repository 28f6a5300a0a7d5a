// The rate of an engine's own matrix products in FLOP/s, as it is asked on standard input.
// node matmul.js ENGINE PRECISION DEVICE THREADS SIZE…
import { createInterface } from 'node:readline';
import { compile } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';

const [engine, precision, device, threads, ...sizes] = /** @type {string[]} */ (process.argv.slice(2));
const products = [];
for (const size of sizes) products.push(await product(Number(size)));

/** An executable that multiplies two matrices on the device; its sum alone comes back. @param {number} n */
async function product(n) {
  const executable = await compile(
    ({ a, b }) => ({ sum: tf.sum(tf.matMul(/** @type {any} */ (a), /** @type {any} */ (b))) }),
    {
      engine: /** @type {'onnx' | 'tensorflow' | 'xla'} */ (engine),
      precision: /** @type {import('@mlm/compile').Precision} */ (precision),
      device: /** @type {import('@mlm/compile').Device} */ (device),
      threads: Number(threads),
      variables: {
        a: { shape: [n, n], value: new Float32Array(n * n).fill(0.5) },
        b: { shape: [n, n], value: new Float32Array(n * n).fill(2) },
      },
    },
  );
  return { n, executable };
}

for await (const _ of createInterface({ input: process.stdin })) {
  let rate = 0;
  for (const { n, executable } of products)
    for (let left = 5; left > 0; left--) {
      const started = performance.now();
      await executable.run({});
      rate = Math.max(rate, (2 * n ** 3) / ((performance.now() - started) / 1000));
    }
  process.stdout.write(`${JSON.stringify({ rate })}\n`);
}
process.exit(0);
