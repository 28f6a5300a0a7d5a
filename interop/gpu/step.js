// Times bert-base's training step through XLA, each way of compiling in turn, on a made-up batch.
//   node step.js PLUGIN DEVICE [PRESET] [ROWS] [STEPS]        prints a line of JSON for each
import { elementCount } from '../../packages/base/dist/shape.js';
import { toStableHlo } from '../../packages/compile/dist/targets/xla/emit/module.js';
import { compileFlags, emissionFor } from '../../packages/compile/dist/targets/xla/flags.js';
import { Plugin } from '../../packages/pjrt/dist/index.js';
import { stepGraph } from '../xla/step.js';

const [path, device, preset = 'bert-base', rowsText = '64', stepsText = '30'] = process.argv.slice(2);
const [rows, steps, sequence] = [Number(rowsText), Number(stepsText), 128];
const dataFolder = process.env.MLM_XLA_DATA;
const deterministic = compileFlags({ device, dataFolder });
const free = compileFlags({ device, dataFolder, deterministic: false });
const { xla_gpu_autotune_level: _, xla_gpu_enable_triton_gemm: __, ...tuned } = deterministic;
const untuned = device === 'cuda' ? { ...free, xla_gpu_autotune_level: 0 } : free;
const half = (deterministic) => ({ precision: 'bf16', ...emissionFor(device, deterministic) });
const ways = {
  'bf16, deterministic': [half(true), deterministic],
  'bf16, deterministic, autotuned': [half(true), tuned],
  'bf16, neither': [half(false), untuned],
  'bf16, autotuned': [half(false), free],
  'fp32, deterministic': [{ ...half(true), precision: 'fp32' }, deterministic],
};

const plugin = await Plugin.load(path);
const client = await plugin.createClient(device === 'cpu' ? {} : { preallocate: false });
const graph = stepGraph(preset, { batch: rows, sequence, dropout: 0.1 });
for (const [way, [emission, flags]] of Object.entries(ways)) {
  try {
    console.log(JSON.stringify({ way, ...(await time(emission, flags)) }));
  } catch (error) {
    console.log(JSON.stringify({ way, error: error.message.split('\n')[0] }));
  }
}
process.exit(0);

async function time(emission, flags) {
  const started = performance.now();
  const { text, parameters, assigned, outputs } = toStableHlo(graph, emission);
  const lossAt = assigned.length + outputs.indexOf('loss');
  const program = await client.compile(text, { flags });
  const compile_seconds = Number(((performance.now() - started) / 1000).toFixed(1));
  const values = new Map([...graph.variables, ...graph.inputs].map((value) => [value.name, value]));
  let buffers = parameters.map(({ name }) => client.upload(fill(values.get(name)), values.get(name).shape));
  const milliseconds = [];
  let loss;
  for (let step = 0; step < steps; step++) {
    const from = performance.now();
    const [results] = await program.execute([buffers]);
    [loss] = await results[lossAt].download();
    milliseconds.push(performance.now() - from);
    for (const old of [...buffers.slice(0, assigned.length), ...results.slice(assigned.length)])
      old.destroy();
    buffers = [...results.slice(0, assigned.length), ...buffers.slice(assigned.length)];
  }
  for (const buffer of buffers) buffer.destroy();
  program.destroy();
  milliseconds.sort((a, b) => a - b);
  return { compile_seconds, least: milliseconds[0], median: milliseconds[steps >> 1], loss };
}

/** Weights and ids that look drawn, and scalars of an early step. */
function fill({ name, shape, dtype }) {
  const count = elementCount(shape);
  const ids = { input_ids: 30000, masked_labels: 30000, masked_positions: rows * sequence };
  if (dtype === 'int32') return Int32Array.from({ length: count }, (_, i) => (i * 7919) % (ids[name] ?? 7));
  const scalars = { step_size: 1e-4, decay: 1e-6, second_moment_scale: 1, first_moment_keep: 0.9 };
  if (count === 1)
    return Float32Array.of(scalars[name] ?? (name === 'loss_scale' ? 32 / (5 * rows * sequence) : 0.999));
  if (/^(exp_avg|gradient)/.test(name)) return new Float32Array(count);
  if (/attention_mask|position_weights|LayerNorm\.weight/.test(name)) return new Float32Array(count).fill(1);
  return Float32Array.from({ length: count }, (_, i) => 0.02 * Math.sin(i * 12.9898) * 1.4);
}
