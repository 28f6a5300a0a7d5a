import type { SymbolicDimension } from '../graph/dimension.js';
import {
  type Attribute,
  type Attributes,
  type Graph,
  makeNode,
  mapResults,
  type Node,
  type Value,
} from '../graph/graph.js';
import { type Sample, solveNumber } from './sizes.js';

/**
 * Merges recordings of one function at several sizes into one graph for all sizes. The recordings must have the same
 * structure; a number that differs between them becomes an expression of the named sizes.
 *
 * @throws Error if the structures differ, or a number is no sum of products of named sizes
 */
export function generalize(samples: readonly Sample[], names: readonly string[]): Graph {
  const graphs = samples.map(({ graph }) => graph);
  if (graphs.length === 1) return graphs[0]!;
  const [first] = graphs as [Graph];
  const values = new Map<Value, Value>();
  const current = (value: Value): Value => values.get(value) ?? value;
  const solve = (numbers: readonly number[], where: string) => solveNumber(numbers, samples, names, where);
  const solveShape = (shapes: readonly Value[], where: string) =>
    shapes[0]!.shape.map((_, axis) =>
      solve(
        shapes.map(({ shape }) => shape[axis] as number),
        where,
      ),
    );
  const leaves = (kind: 'inputs' | 'variables') =>
    first[kind].map((value, i) => {
      const all = graphs.map((graph) => graph[kind][i]!);
      const general = { ...value, shape: solveShape(all, `shape of '${value.name}'`) };
      values.set(value, general);
      return general;
    });
  const inputs = leaves('inputs');
  const variables = leaves('variables');
  const index = graphs.map(
    (graph) => new Map(graph.nodes.flatMap(({ outputs }) => outputs).map((value, i) => [value, i])),
  );
  const nodes = first.nodes.map((node, i): Node => {
    const all = graphs.map((graph) => graph.nodes[i]);
    const where = `${node.op} (node ${i})`;
    if (!all.every((other, at): other is Node => sameStructure(node, index[0]!, other, index[at]!))) {
      throw new Error(
        `the function behaves differently for different sizes of ${names.join(', ')}, first at ${where}; ` +
          'it must not branch or loop on a named size',
      );
    }
    const outputs = node.outputs.map((value, j) => ({
      dtype: value.dtype,
      shape: solveShape(
        all.map(({ outputs }) => outputs[j]!),
        where,
      ),
    }));
    const attributes = generalizeAttributes(
      all.map(({ attributes }) => attributes),
      solve,
      where,
    );
    const general = makeNode(node.op, node.inputs.map(current), attributes, outputs);
    node.outputs.forEach((value, j) => {
      values.set(value, general.outputs[j]!);
    });
    return general;
  });
  return { inputs, variables, nodes, ...mapResults(first, current) };
}

function sameStructure(
  node: Node,
  nodeIndex: ReadonlyMap<Value, number>,
  other: Node | undefined,
  otherIndex: ReadonlyMap<Value, number>,
): boolean {
  if (!other || other.op !== node.op || other.inputs.length !== node.inputs.length) return false;
  if (other.outputs.length !== node.outputs.length) return false;
  if (!node.outputs.every(({ shape }, i) => shape.length === other.outputs[i]!.shape.length)) return false;
  return node.inputs.every((value, i) => {
    const twin = other.inputs[i]!;
    return value.node ? nodeIndex.get(value) === otherIndex.get(twin) : value.name === twin.name;
  });
}

type Solve = (numbers: readonly number[], where: string) => number | SymbolicDimension;

function generalizeAttributes(all: readonly Attributes[], solve: Solve, where: string): Attributes {
  return Object.fromEntries(
    Object.keys(all[0]!).map((name) => [
      name,
      generalizeAttribute(
        all.map((attributes) => attributes[name]!),
        solve,
        `${where}, ${name}`,
      ),
    ]),
  );
}

function generalizeAttribute(all: readonly Attribute[], solve: Solve, where: string): Attribute {
  const [first] = all as [Attribute];
  if (typeof first === 'number') return solve(all as number[], where);
  if (Array.isArray(first)) {
    return first.map((_, i) =>
      generalizeAttribute(
        all.map((attribute) => (attribute as readonly Attribute[])[i]!),
        solve,
        where,
      ),
    );
  }
  if (ArrayBuffer.isView(first)) {
    const same = (all as (typeof first)[]).every(
      (array) => array.length === first.length && array.every((value, i) => Object.is(value, first[i])),
    );
    if (same) return first;
    throw new Error(`the constant at ${where} depends on a named size; pass it as an input`);
  }
  if (all.every((attribute) => attribute === first)) return first;
  throw new Error(`the attribute at ${where} depends on a named size; only numbers may`);
}
