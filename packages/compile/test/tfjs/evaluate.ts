import type { Tensor as OrtTensor } from 'onnxruntime-common';
import type { Graph, TypedArray, Value } from '../../src/graph/graph.js';
import { ortTensor } from '../../src/targets/onnx/runtime.js';
import { createSession } from '../../src/targets/onnx/session.js';
import { onnx } from '../../src/targets/onnx/target.js';

/** The output `value` of a graph, through onnxruntime. */
export async function evaluate(graph: Graph, given: ReadonlyMap<Value, TypedArray>): Promise<TypedArray> {
  const session = await createSession(onnx.emit(graph), { threads: 1 });
  const feeds: Record<string, OrtTensor> = {};
  for (const [{ name, shape }, data] of given) feeds[name!] = ortTensor(data, shape as number[]);
  const results = await session.run(feeds);
  await session.release();
  return (results.value!.data as TypedArray).slice();
}
