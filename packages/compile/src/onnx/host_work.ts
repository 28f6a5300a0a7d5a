import { ADAMW } from '../composite/adamw.js';
import { DROPOUT_MASK } from '../composite/dropout.js';
import type { Shape } from '../graph/dimension.js';
import { constantOf, type Graph, type Node, type Value } from '../graph/graph.js';
import { rewrite } from '../graph/rewrite.js';

/** Where a kernel of ours finds a scalar: known, an input of the run, or an output of the engine's graph. */
export type ScalarSource =
  | { readonly value: number }
  | { readonly input: string }
  | { readonly output: string };

/** One AdamW update that runs in place after the engine. */
export interface HostUpdate {
  /** The parameter and its two moments. */
  readonly variables: readonly [string, string, string];
  /** The engine's output that holds the gradient. */
  readonly gradient: string;
  readonly scalars: readonly ScalarSource[];
  readonly epsilon: number;
}

/** A dropout mask that is drawn before the engine runs and passed to it as an input. */
export interface HostMask {
  readonly input: string;
  readonly key: string;
  readonly shape: Shape;
  readonly rate: number;
  readonly stream: number;
}

/** A graph divided between the engine and our own kernels. */
export interface HostPlan {
  readonly graph: Graph;
  readonly updates: readonly HostUpdate[];
  /** The elements of each gradient, by the name of its output. */
  readonly gradients: ReadonlyMap<string, number>;
  readonly masks: readonly HostMask[];
}

/** Takes out of the graph what our kernels do better: AdamW in place, and random masks, which ONNX cannot repeat. */
export function planHostWork(graph: Graph): HostPlan {
  const updates: HostUpdate[] = [];
  const gradients = new Map<string, number>();
  const outputs: Record<string, Value> = { ...graph.outputs };
  const remaining: Record<string, Value> = { ...graph.updates };
  const outputNames = new Map<Value, string>();
  const outputFor = (value: Value): string => {
    const name = outputNames.get(value) ?? `host/${outputNames.size}`;
    outputNames.set(value, name);
    outputs[name] = value;
    return name;
  };
  for (const node of graph.nodes) {
    if (!runsInPlace(node, graph)) continue;
    const gradient = outputFor(node.inputs[3]!);
    gradients.set(gradient, elementsOf(node.inputs[3]!));
    updates.push({
      variables: node.inputs.slice(0, 3).map(({ name }) => name!) as [string, string, string],
      gradient,
      scalars: node.inputs.slice(4).map((value) => scalarSource(value, outputFor)),
      epsilon: node.attributes.epsilon as number,
    });
    for (const { name } of node.inputs.slice(0, 3)) delete remaining[name!];
  }
  const { masks, values } = drawnMasks(graph);
  const inputs = [...graph.inputs, ...values.values()];
  const engine = rewrite({ ...graph, inputs, outputs, updates: remaining }, (node) => {
    const drawn = values.get(node.outputs[0]!);
    return drawn && [drawn];
  });
  return { graph: engine, updates, gradients, masks };
}

function scalarSource(value: Value, outputFor: (value: Value) => string): ScalarSource {
  const constant = constantOf(value);
  if (constant !== undefined) return { value: constant };
  return value.node ? { output: outputFor(value) } : { input: value.name! };
}

/** Whether a node is an AdamW update whose results go nowhere but into the variables that it read. */
function runsInPlace(node: Node, graph: Graph): boolean {
  if (node.op !== ADAMW) return false;
  const variables = node.inputs.slice(0, 3);
  if (!variables.every((value, i) => graph.updates[value.name ?? ''] === node.outputs[i])) return false;
  const results = new Set(node.outputs);
  return (
    !Object.values(graph.outputs).some((value) => results.has(value)) &&
    !graph.nodes.some(({ inputs }) => inputs.some((value) => results.has(value)))
  );
}

function elementsOf({ shape }: Value): number {
  return shape.reduce<number>((product, size) => product * (size as number), 1);
}

function drawnMasks(graph: Graph): { masks: HostMask[]; values: Map<Value, Value> } {
  const masks: HostMask[] = [];
  const values = new Map<Value, Value>();
  for (const { op, inputs, attributes, outputs } of graph.nodes) {
    if (op !== DROPOUT_MASK) continue;
    const [key] = inputs as [Value];
    if (key.node || key.name === undefined) throw new Error('the key of a dropout mask must be an input');
    const input = `dropout/${masks.length}`;
    const { shape, dtype } = outputs[0]!;
    masks.push({
      input,
      key: key.name,
      shape,
      rate: attributes.rate as number,
      stream: attributes.stream as number,
    });
    values.set(outputs[0]!, { name: input, shape, dtype });
  }
  return { masks, values };
}
