import {
  type Attributes,
  type Graph,
  makeNode,
  mapResults,
  type Node,
  type NodeOf,
  type OutputSpec,
  resultsOf,
  type Value,
} from './graph.js';

/** Adds a node to the graph being built and returns its outputs. */
export type AddNode = <const Outputs extends readonly OutputSpec[]>(
  op: string,
  inputs: readonly Value[],
  attributes: Attributes,
  outputs: Outputs,
) => NodeOf<Outputs>['outputs'];

/** An {@link AddNode} that appends to a list. */
const addTo =
  (nodes: Node[]): AddNode =>
  (op, inputs, attributes, outputs) => {
    const node = makeNode(op, inputs, attributes, outputs);
    nodes.push(node);
    return node.outputs;
  };

/**
 * Replaces a node, given the old node and its inputs in the new graph: adds new nodes with `emit` and returns the
 * values that take the place of the node's outputs, or undefined to keep the node.
 */
export type Rule = (node: Node, inputs: readonly Value[], emit: AddNode) => readonly Value[] | undefined;

/** Rebuilds a graph in order, applying a rule to every node. Unused nodes are removed. */
export function rewrite(graph: Graph, rule: Rule): Graph {
  const values = new Map<Value, Value>();
  const current = (value: Value): Value => values.get(value) ?? value;
  const nodes: Node[] = [];
  const emit = addTo(nodes);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(current);
    const replaced = rule(node, inputs, emit) ?? emit(node.op, inputs, node.attributes, node.outputs);
    node.outputs.forEach((value, i) => {
      values.set(value, replaced[i]!);
    });
  }
  return removeUnused({ ...graph, nodes, ...mapResults(graph, current) });
}

/** Returns the new values of a node's outputs; `get` maps an old value to its replacement. */
export type NodeReplacement = (get: (value: Value) => Value, emit: AddNode) => readonly Value[];

/**
 * Rebuilds a graph with replacements for some nodes. Each replacement is placed before its first reader, so that
 * several nodes can become one that reads the inputs of all. Unused nodes are removed.
 */
export function replace(graph: Graph, replacements: ReadonlyMap<Node, NodeReplacement>): Graph {
  const values = new Map<Value, Value>();
  const nodes: Node[] = [];
  const emit = addTo(nodes);
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
  return removeUnused({ ...graph, nodes, ...mapResults(graph, get) });
}

/** A replacement that is emitted only once, for several nodes that each use a part of it. */
export function once(make: NodeReplacement): NodeReplacement {
  let made: readonly Value[] | undefined;
  return (get, emit) => {
    made ??= make(get, emit);
    return made;
  };
}

/** Removes the nodes that no output or update depends on. */
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
