import { type Graph, makeNode, type Node, resultsOf, type Value } from './graph.js';

/** Adds nodes to the graph that is being built and returns what they compute. */
export type AddNode = (
  op: string,
  inputs: readonly Value[],
  attributes: Node['attributes'],
  outputs: readonly Pick<Value, 'shape' | 'dtype'>[],
) => readonly Value[];

/**
 * What a rule puts in a node's place. It sees the old node and its inputs in the new graph, adds what it needs with
 * `emit`, and returns the new values of the node's outputs, or nothing to keep the node.
 */
export type Rule = (node: Node, inputs: readonly Value[], emit: AddNode) => readonly Value[] | undefined;

/** Builds the graph anew, in order, with a rule applied to every node. Nodes that nothing reads are left out. */
export function rewrite(graph: Graph, rule: Rule): Graph {
  const values = new Map<Value, Value>();
  const current = (value: Value): Value => values.get(value) ?? value;
  const nodes: Node[] = [];
  const emit: AddNode = (op, inputs, attributes, outputs) => {
    const node = makeNode(op, inputs, attributes, outputs);
    nodes.push(node);
    return node.outputs;
  };
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(current);
    const replaced = rule(node, inputs, emit) ?? emit(node.op, inputs, node.attributes, node.outputs);
    node.outputs.forEach((value, i) => {
      values.set(value, replaced[i]!);
    });
  }
  const renamed = (record: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, current(value)]));
  return removeUnused({
    ...graph,
    nodes,
    outputs: renamed(graph.outputs),
    updates: renamed(graph.updates),
  });
}

/** The new values of a node's outputs; `get` gives what became of a value. */
export type NodeReplacement = (get: (value: Value) => Value, emit: AddNode) => readonly Value[];

/**
 * Builds the graph anew with replacements for some nodes, each where the first of its readers stands; so several may become
 * one, which reads what all of them read. Nodes that nothing reads are left out.
 */
export function replace(graph: Graph, replacements: ReadonlyMap<Node, NodeReplacement>): Graph {
  const values = new Map<Value, Value>();
  const nodes: Node[] = [];
  const emit: AddNode = (op, inputs, attributes, outputs) => {
    const node = makeNode(op, inputs, attributes, outputs);
    nodes.push(node);
    return node.outputs;
  };
  const get = (value: Value): Value => {
    if (value.node && !values.has(value)) build(value.node);
    return values.get(value) ?? value;
  };
  const build = (node: Node): void => {
    const replacement = replacements.get(node);
    const made = replacement
      ? replacement(get, emit)
      : emit(node.op, node.inputs.map(get), node.attributes, node.outputs);
    node.outputs.forEach((value, i) => {
      values.set(value, made[i]!);
    });
  };
  for (const node of graph.nodes) {
    if (!replacements.has(node) && !values.has(node.outputs[0]!)) build(node);
  }
  const renamed = (record: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, get(value)]));
  return removeUnused({ ...graph, nodes, outputs: renamed(graph.outputs), updates: renamed(graph.updates) });
}

/** A replacement that is emitted once, for several nodes that take parts of it. */
export function once(make: NodeReplacement): NodeReplacement {
  let made: readonly Value[] | undefined;
  return (get, emit) => {
    made ??= make(get, emit);
    return made;
  };
}

/** Leaves out the nodes that neither an output nor an update needs. */
export function removeUnused(graph: Graph): Graph {
  const needed = new Set<Node>();
  const values = resultsOf(graph);
  for (let value = values.pop(); value; value = values.pop()) {
    if (!value.node || needed.has(value.node)) continue;
    needed.add(value.node);
    values.push(...value.node.inputs);
  }
  return { ...graph, nodes: graph.nodes.filter((node) => needed.has(node)) };
}
