import type { Tensor } from 'onnxruntime-common';
import type { Graph, TypedArray } from '../../src/graph/graph.js';
import { toOnnxWith } from '../../src/targets/onnx/model.js';
import { ortTensor } from '../../src/targets/onnx/runtime.js';
import { createSession } from '../../src/targets/onnx/session.js';
import { emitters } from '../../src/targets/webgpu/emit/index.js';
import { type Placement, Profile } from '../../src/targets/webgpu/placement.js';

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
  const profile = await Profile.create();
  const session = await createSession(toOnnxWith(emitters, graph), {
    device,
    profile: profile.prefix,
  });
  const feeds: Record<string, Tensor> = {};
  for (const name of session.inputNames) feeds[name] = ortTensor(values[name]!.data, values[name]!.shape);
  await session.run(feeds);
  const placed = await profile.finish(session);
  await session.release();
  return placed;
}
