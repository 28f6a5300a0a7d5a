import { elementCount } from '@mlm/base/shape';
import { staticShape } from '../../graph/dimension.js';
import type { Graph } from '../../graph/graph.js';
import { HostMemory } from '../../host/memory.js';
import { applyPasses, type Pass } from '../../passes/passes.js';
import { type HostPlan, type HostWork, planHostWork } from './host-work.js';
import { outputName, toOnnx } from './model.js';

/** A function divided between onnxruntime and our own kernels, as plain data that can be cached. */
export interface OnnxProgram {
  /** onnxruntime's part: the bytes of an .onnx file. */
  readonly model: Uint8Array;
  readonly host: HostWork;
  /** The function's outputs, with their names in the model. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly variables: readonly string[];
  /** The variables that the model assigns. */
  readonly updates: readonly string[];
}

/**
 * Divides a graph between onnxruntime and our own kernels, and writes onnxruntime's part.
 *
 * @param free bytes available for gradients; if they do not fit, onnxruntime runs the updates
 */
export function onnxProgram(graph: Graph, passes: readonly Pass[], free: number): OnnxProgram {
  const { graph: engine, ...host } = planFor(graph, free);
  return {
    model: toOnnx(applyPasses(passes, engine)),
    host,
    outputs: Object.fromEntries(Object.keys(graph.outputs).map((name) => [name, outputName(engine, name)])),
    variables: engine.variables.map(({ name }) => name),
    updates: Object.keys(engine.updates),
  };
}

function planFor(graph: Graph, free: number): HostPlan {
  const plan = planHostWork(graph);
  const assigned = plan.graph.variables.filter(({ name }) => plan.graph.updates[name]);
  const shapes = [...plan.gradients.values(), ...assigned.map(({ shape }) => staticShape(shape))];
  const bytes = shapes.reduce((sum, shape) => sum + HostMemory.bytesOf(elementCount(shape)), 0);
  return bytes <= free ? plan : planHostWork(graph, { adamW: false });
}
