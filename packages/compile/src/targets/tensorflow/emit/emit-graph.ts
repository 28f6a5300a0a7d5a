import type { Graph, NamedValue, Node, Value } from '../../../graph/graph.js';
import { removeUnused } from '../../../graph/rewrite.js';
import { expandAdamW } from '../../../passes/adamw.js';
import { ADAMW, type InPlaceAdamW, updatesInPlace } from '../../../primitives/adamw.js';
import { attribute } from '../protobuf/attribute.js';
import { emitAdamW, readByAdamW } from './adamw.js';
import type { GraphBuilder, TensorName } from './builder.js';
import { emitters } from './index.js';

/** The input and output tensors of a signature. */
export interface EmittedSignature {
  inputs: Record<string, { tensor: TensorName; value: Value }>;
  outputs: Record<string, { tensor: TensorName; value: Value }>;
}

/**
 * Writes a graph as nodes of a GraphDef. Variables become resource variables of the same name. A variable's old value
 * is read before its update, and all updates run before any output is returned.
 *
 * @throws Error naming an operation without an equivalent in TensorFlow
 */
export function emitGraph(traced: Graph, to: GraphBuilder): EmittedSignature {
  const inPlace = updatesInPlace(traced);
  const all = traced.nodes.filter(({ op }) => op === ADAMW).length;
  // The kernel can only update variables in place.
  const graph = inPlace.length < all ? expandAdamW(traced) : traced;
  const adam = updatesInPlace(graph);
  const emitter = new Emitter(to);
  const inputs = graph.inputs.map((value) => [value.name, emitter.placeholder(value)] as const);
  const nodes = nodesWithout(graph, adam);
  emitter.readAssigned(graph, nodes, adam);
  for (const node of nodes) emitter.node(node);
  const done = [...emitter.assignments(graph, adam), ...adam.map((update) => emitter.adamW(update))];
  const outputs = Object.entries(graph.outputs).map(([name, value]) => {
    const attr = { T: attribute.type(value.dtype) };
    const tensor = to.add('Identity', [emitter.tensorOf(value)], attr, {
      name: `output/${name}`,
      after: done,
    });
    return [name, { tensor, value }] as const;
  });
  return { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) };
}

/** The nodes that are needed if fused operations replace some updates. */
function nodesWithout(graph: Graph, fused: readonly InPlaceAdamW[]): readonly Node[] {
  const roots: Value[] = fused.flatMap(({ epsilon: _, ...update }) => Object.values(update));
  const outputs = Object.fromEntries([...Object.values(graph.outputs), ...roots].entries());
  return removeUnused({ ...graph, outputs, updates: plainUpdates(graph, fused) }).nodes;
}

/** The updates that no fused operation replaces. */
function plainUpdates(graph: Graph, fused: readonly InPlaceAdamW[]): Graph['updates'] {
  const taken = new Set(
    fused.flatMap(({ parameter, firstMoment, secondMoment }) => [
      parameter.name,
      firstMoment.name,
      secondMoment.name,
    ]),
  );
  return Object.fromEntries(Object.entries(graph.updates).filter(([name]) => !taken.has(name)));
}

class Emitter {
  readonly #tensors = new Map<Value, TensorName>();

  constructor(private readonly to: GraphBuilder) {}

  placeholder(value: NamedValue): { tensor: TensorName; value: Value } {
    const attr = { dtype: attribute.type(value.dtype), shape: attribute.shape(value.shape) };
    const tensor = this.to.add('Placeholder', [], attr, { name: `input/${value.name}` });
    this.#tensors.set(value, tensor);
    this.to.declareSizes(tensor, value.shape);
    return { tensor, value };
  }

  /** Reads every assigned variable whose old value is needed, so that its update can wait for the read. */
  readAssigned(
    { variables, outputs, updates }: Graph,
    nodes: readonly Node[],
    fused: readonly InPlaceAdamW[],
  ): void {
    const needed = new Set([
      ...nodes.flatMap(({ inputs }) => inputs),
      ...Object.values(outputs),
      ...Object.values(updates),
      ...fused.flatMap((update) => readByAdamW(update)),
    ]);
    for (const variable of variables) {
      if (updates[variable.name] && needed.has(variable)) this.tensorOf(variable);
    }
  }

  /** The read of a variable, if there is one. */
  readOf(variable: Value): TensorName[] {
    return [this.#tensors.get(variable) ?? []].flat();
  }

  /** The tensor of a value. A variable is read at its first use. */
  tensorOf(value: Value): TensorName {
    const known = this.#tensors.get(value);
    if (known) return known;
    const { name } = value;
    if (name === undefined) throw new Error(`the output of ${value.node?.op} has not been written yet`);
    const attr = { dtype: attribute.type(value.dtype) };
    const read = this.to.add('ReadVariableOp', [this.to.variable({ ...value, name })], attr, {
      name: `read/${name}`,
    });
    this.#tensors.set(value, read);
    return read;
  }

  node(node: Node): void {
    const emit = emitters[node.op];
    if (!emit) throw new Error(`the operation ${node.op} has no equivalent in TensorFlow`);
    const tensors = emit(this.to, node, ...node.inputs.map((value) => this.tensorOf(value)));
    const list = typeof tensors === 'string' ? [tensors] : tensors;
    node.outputs.forEach((value, i) => {
      this.#tensors.set(value, list[i]!);
    });
  }

  adamW(update: InPlaceAdamW): TensorName {
    const { parameter, firstMoment, secondMoment } = update;
    const reads = [parameter, firstMoment, secondMoment].flatMap((variable) => this.readOf(variable));
    return emitAdamW(update, (value) => this.tensorOf(value), reads, this.to);
  }

  /** Plain assignments, each after its variable has been read. */
  assignments(graph: Graph, fused: readonly InPlaceAdamW[]): TensorName[] {
    const updates = Object.entries(plainUpdates(graph, fused));
    const values = new Map(updates.map(([name, value]) => [name, this.tensorOf(value)]));
    return graph.variables.flatMap((variable) => {
      const value = values.get(variable.name);
      if (value === undefined) return [];
      const attr = { dtype: attribute.type(variable.dtype) };
      return this.to.add('AssignVariableOp', [this.to.variable(variable), value], attr, {
        name: `assign/${variable.name}`,
        after: this.readOf(variable),
      });
    });
  }
}
