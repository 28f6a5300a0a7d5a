import { createHash } from 'node:crypto';
import { type LoadedExecutable, type OptionValue, PjrtError } from '@mlm/pjrt';
import type { Graph } from '../../graph/graph.js';
import { specialize } from '../../graph/specialize.js';
import { joinColumnSums } from '../../passes/column-sums.js';
import { joinMasks } from '../../passes/masks.js';
import { joinNorms } from '../../passes/norms.js';
import { applyPasses, generalPasses, type Pass } from '../../passes/passes.js';
import { joinProducts } from '../../passes/products.js';
import { joinSegmentSums } from '../../passes/segment-sums.js';
import type { LoadOptions, Source, Target } from '../target.js';
import { type Devices, openDevices } from './devices.js';
import { toStableHlo } from './emit/module.js';
import { compileFlags, emissionFor } from './flags.js';
import { findPlugin, remedyFor, type XlaDevice } from './installation.js';
import { type MakeProgram, XlaExecutable } from './run.js';
import { XlaState } from './state.js';

/** The passes that work on graphs of any sizes, before {@link sizedPasses}. */
export const passes = generalPasses;

/** The passes that work on graphs of given sizes. They join what XLA would run as many small kernels. */
export const sizedPasses: readonly Pass[] = [
  joinMasks,
  joinSegmentSums,
  joinProducts,
  joinColumnSums,
  joinNorms,
];

const devices: readonly XlaDevice[] = ['cuda', 'rocm', 'tpu', 'cpu'];

/**
 * XLA through PJRT: the whole function is one program, on one or more devices. Programs have static shapes, so that
 * there is one for each set of input sizes.
 */
export const xla = {
  name: 'xla',
  engine: 'xla',
  devices,
  precisions: { fp32: devices, tf32: ['cuda'], bf16: devices },
  staticShapes: true,
  severalDevices: true,
  passes,
  emit: (graph) =>
    new TextEncoder().encode(toStableHlo(applyPasses([...passes, ...sizedPasses], graph)).text),
  async load(source, options) {
    const { threads, share, devices: count = 1 } = options;
    const device = options.device as XlaDevice;
    const state = share?.state ?? new XlaState(await openDevices(device, count, threads), source.variables);
    return new XlaExecutable(
      source.inputs,
      state,
      !share,
      programsOf(source, state.devices, options),
      device,
    );
  },
  owns: (executable, device): executable is XlaExecutable =>
    executable instanceof XlaExecutable && executable.device === device,
  version: async (device) => `XLA, ${(await findPlugin(device as XlaDevice)).version}`,
  remedy: (device) => remedyFor(device as XlaDevice),
} as const satisfies Target<XlaExecutable>;

/** Writes and compiles the program for given sizes, or takes it from the cache. */
function programsOf(
  source: Source,
  devices: Devices,
  { device, precision }: LoadOptions<XlaExecutable>,
): MakeProgram {
  const emission = { ...emissionFor(device as XlaDevice), precision, replicas: devices.list.length };
  const flags = compileFlags({ device: device as XlaDevice, dataFolder: devices.plugin.dataFolder });
  let graph: Graph | undefined;
  return async (sizes) => {
    const { text, ...signature } = await source.kept({ sizes: [...sizes], ...emission }, () => {
      graph ??= applyPasses(passes, source.graph());
      return toStableHlo(applyPasses(sizedPasses, specialize(graph, sizes)), emission);
    });
    return { ...signature, executable: await compileKept(source, text, flags, devices) };
  };
}

/** Compiles a program, or takes it from the cache, by its text, its flags, the plugin and the kind of device. */
async function compileKept(
  source: Source,
  text: string,
  flags: Readonly<Record<string, OptionValue>>,
  { client, list, fingerprint }: Devices,
): Promise<LoadedExecutable> {
  const options = { replicas: list.length, flags };
  const compile = () => client.compile(text, options);
  if (!source.keeps) return compile();
  let compiled: LoadedExecutable | undefined;
  const program = createHash('sha256').update(text).digest('hex');
  try {
    const bytes = await source.kept({ program, options, fingerprint }, async () => {
      compiled = await compile();
      return compiled.serialize();
    });
    return compiled ?? (await client.deserialize(bytes));
  } catch (error) {
    // Plugins need not support serialization; what another build has written is useless but harmless.
    if (compiled) return compiled;
    if (error instanceof PjrtError && error.call === 'Client_Compile') throw error;
    return compile();
  }
}
