import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from 'onnxruntime-common';
import type { Graph, TypedArray } from '../../graph/graph.js';
import { toOnnx } from '../model.js';
import { ortTensor } from '../runtime.js';
import { createSession } from '../session.js';
import { deviceLowerings } from './lowerings.js';

/** How many nodes of an operation ran on a provider. */
export interface Placement {
  /** Such as `WebGpu` or `CPU`. */
  provider: string;
  operation: string;
  count: number;
}

interface ProfileEvent {
  cat: string;
  args?: { provider?: string; op_name?: string };
}

/**
 * Runs a graph once with onnxruntime's profiler and tells which provider each operation ran on. Operations on `CPU` in
 * a graph for a device, other than those on sizes, pull tensors off the device.
 *
 * @param values  of every input and variable
 */
export async function placement(
  graph: Graph,
  device: string,
  values: Readonly<Record<string, { data: TypedArray; shape: readonly number[] }>>,
): Promise<Placement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mlm-placement-'));
  try {
    const model = toOnnx(graph, { lowerings: deviceLowerings });
    const session = await createSession(model, { device, profile: join(folder, 'profile') });
    const feeds: Record<string, Tensor> = {};
    for (const name of session.inputNames) feeds[name] = ortTensor(values[name]!.data, values[name]!.shape);
    await session.run(feeds);
    session.endProfiling();
    await session.release();
    return countPlacements(await readProfile(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readProfile(folder: string): Promise<ProfileEvent[]> {
  const [file] = await readdir(folder);
  return JSON.parse(await readFile(join(folder, file!), 'utf8')) as ProfileEvent[];
}

function countPlacements(events: readonly ProfileEvent[]): Placement[] {
  const counts = new Map<string, Placement>();
  for (const { cat, args } of events) {
    if (cat !== 'Node' || !args?.provider || !args.op_name) continue;
    const provider = args.provider.replace('ExecutionProvider', '');
    const key = `${provider} ${args.op_name}`;
    const known = counts.get(key) ?? { provider, operation: args.op_name, count: 0 };
    counts.set(key, { ...known, count: known.count + 1 });
  }
  return [...counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, placed]) => placed);
}
