import { spawnSync } from 'node:child_process';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { compile } from '../compile.js';
import { applyPasses } from '../passes/passes.js';
import { planHostWork } from '../targets/onnx/host-work.js';
import { onnx } from '../targets/onnx/target.js';
import { expectClose } from '../testing/compare.fixture.js';
import { checkpointed, given, layers, options, plain } from '../testing/layers.fixture.js';
import { type TensorFunction, trace } from '../trace/trace.js';

describe('checkpoint', () => {
  it.each(['eager', 'onnx'] as const)('gives the same values and gradients on %s', async (engine) => {
    const results = [];
    for (const fn of [plain, checkpointed]) {
      const executable = await compile(fn, { ...options, engine });
      results.push(await executable.run(given));
      await executable.dispose();
    }
    const [expected, actual] = results as [(typeof results)[0], (typeof results)[0]];
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const name of Object.keys(expected)) expectClose(actual[name]!, expected[name]!, name, 1e-6);
  });

  it('recomputes each layer once for its gradient, and no pass merges the two runs', () => {
    const count = (fn: TensorFunction, op: string) =>
      applyPasses(onnx.passes, trace(fn, options)).nodes.filter((node) => node.op === op).length;
    expect(count(plain, 'Tanh')).toBe(layers);
    expect(count(checkpointed, 'Tanh')).toBe(2 * layers);
  });

  it('draws the dropout mask of a layer once', () => {
    const graph = trace(checkpointed, options);
    expect(graph.nodes.filter(({ op }) => op === 'DropoutMask')).toHaveLength(2 * layers);
    expect(planHostWork(graph).masks).toHaveLength(layers);
  });

  it('needs less memory in onnxruntime, whose optimizer does not merge the two runs', () => {
    const [without, with_] = [false, true].map(peakOf) as [number, number];
    expect(with_).toBeLessThan(0.4 * without);
  });
});

/** Megabytes by which a gradient of 16 wide layers raises a fresh process's memory. */
function peakOf(keep: boolean): number {
  const program = `
    const tf = await import('@tensorflow/tfjs-core');
    const { compile, checkpoint } = await import(process.argv[1]);
    const [rows, width, layers] = [16384, 64, 16];
    const step = await compile((variables, { x }) => {
      const { value, grads } = tf.variableGrads(() => {
        let hidden = x;
        for (let i = 0; i < layers; i++) {
          const layer = ({ x, weight }) => {
            let y = x;
            for (let j = 0; j < 6; j++) y = tf.tanh(tf.matMul(y, weight));
            return tf.add(x, y);
          };
          const inputs = { x: hidden, weight: variables['w' + i] };
          hidden = ${keep} ? checkpoint(layer, inputs) : layer(inputs);
        }
        return tf.mean(tf.square(hidden));
      });
      return { loss: value, ...grads };
    }, {
      variables: Object.fromEntries(Array.from({ length: layers }, (_, i) => ['w' + i, { shape: [width, width] }])),
      inputs: { x: { shape: [rows, width], dtype: 'float32' } },
      threads: 1,
    });
    const before = process.memoryUsage.rss();
    await step.run({ x: new Float32Array(rows * width).fill(0.1) });
    console.log((process.resourceUsage().maxRSS * 1024 - before) / 2 ** 20);
  `;
  const library = new URL('../../dist/index.js', import.meta.url).href;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, library], {
    encoding: 'utf8',
  });
  expect(Number(stdout), stderr).toBeGreaterThan(0);
  return Number(stdout);
}
