// Compiles bert-base's training step, 64 rows of 128 tokens with dropout, for an H200 without one, and prints what the
// program will move and multiply: kernels, bytes, FLOPs, memory, and a bound of the step's time. A regression fails.
//   node bound.js [bf16|fp32]
// The bound takes every kernel at the slower of its bytes (3.8 TB/s, four fifths of the card's bandwidth) and its FLOPs
// (600 TFLOP/s in bf16), one after another. It leaves out launches: it is no measurement.
import { existsSync, readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { toStableHlo } from '../../packages/compile/dist/targets/xla/emit/module.js';
import { compileFlags, emissionFor } from '../../packages/compile/dist/targets/xla/flags.js';
import { fetchWheel, findWheel } from '../../packages/engines/dist/index.js';
import { devicePackages } from '../../packages/engines/dist/xla/packages.js';
import { Plugin } from '../../packages/pjrt/dist/index.js';
import { kernels, parseProgram } from './hlo.js';
import { stepGraph } from './step.js';

const bytesPerSecond = 3.8e12;
const flopsPerSecond = 600e12;

/** What a change may not exceed, a little above what was last reached; fp32 is printed alone. */
const limits = { bf16: { kernels: 830, gigabytes: 34, milliseconds: 13.9 } };

const [precision = 'bf16'] = process.argv.slice(2);
const plugin = await Plugin.load(await cudaPlugin());
const { text } = toStableHlo(stepGraph('bert-base', { batch: 64, sequence: 128, dropout: 0.1 }), {
  ...emissionFor('cuda'),
  precision,
});
const target_config = readFileSync(new URL('h200.txtpb', import.meta.url), 'utf8').replace(/^#.*\n/, '');
const machine = plugin.describeMachine('', { target_config, topology: '1x1x1' });
const started = performance.now();
const program = await machine.compile(text, { flags: compileFlags({ device: 'cuda' }) });
const found = kernels(parseProgram(program.optimizedProgram()));
const sum = (of) => found.reduce((total, kernel) => total + of(kernel), 0);
const bound = ({ bytes, flops }) => Math.max(bytes / bytesPerSecond, flops / flopsPerSecond);
const reached = {
  kernels: found.length,
  gigabytes: sum(({ bytes }) => bytes) / 1e9,
  milliseconds: 1e3 * sum(bound),
};
console.log(
  `bert-base 64 × 128, ${precision}, dropout 0.1, deterministic, for an H200 (compiled in ${Math.round((performance.now() - started) / 1000)} s):\n` +
    `${reached.kernels} kernels, ${reached.gigabytes.toFixed(1)} GB, ${(sum(({ flops }) => flops) / 1e12).toFixed(2)} TFLOP, ` +
    `${(program.memory().temporary / 1e9).toFixed(1)} GB beside weights and moments, bound ${reached.milliseconds.toFixed(2)} ms`,
);
const exceeded = Object.entries(limits[precision] ?? {}).filter(([name, limit]) => reached[name] > limit);
for (const [name, limit] of exceeded) console.log(`${name}: ${reached[name].toFixed(2)}, more than ${limit}`);
process.exit(exceeded.length === 0 ? 0 : 1);

/** The CUDA plugin's wheel, downloaded once; NVIDIA's libraries are not needed to compile. */
async function cudaPlugin() {
  const { packages, plugin } = devicePackages.cuda;
  const folder = fileURLToPath(new URL(`../.cache/xla/cuda-${packages[0].version}`, import.meta.url));
  if (!existsSync(`${folder}/${plugin}`)) {
    await rm(`${folder}.partial`, { recursive: true, force: true });
    await fetchWheel(await findWheel(packages[0]), `${folder}.partial`);
    await rename(`${folder}.partial`, folder);
  }
  return `${folder}/${plugin}`;
}
