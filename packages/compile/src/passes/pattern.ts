import { constantOf, type Graph, type Node, type Value } from '../graph/graph.js';

/** The inputs of the node that computes a value, if it is of this operation. */
export const operands = (value: Value | undefined, op: string): readonly Value[] | undefined =>
  value?.node?.op === op ? value.node.inputs : undefined;

/** The other operand of a commutative operation, if one of them passes the test. */
export function other(
  pair: readonly Value[] | undefined,
  test: (value: Value) => boolean,
): Value | undefined {
  if (!pair) return undefined;
  const [a, b] = pair as [Value, Value];
  if (test(a)) return b;
  return test(b) ? a : undefined;
}

/** x and c, if the value is c · x in float32 with a constant c. */
export function scaled(value: Value | undefined): { x: Value; factor: number } | undefined {
  const found = withConstant(value, 'Multiply');
  return found && { x: found.x, factor: found.constant };
}

/** x and c, if the value is x + c in float32 with a constant c. */
export function shifted(value: Value | undefined): { x: Value; term: number } | undefined {
  const found = withConstant(value, 'Add');
  return found && { x: found.x, term: found.constant };
}

/** The operands of a commutative operation with a constant scalar; floats only, since integers round differently. */
function withConstant(value: Value | undefined, op: string): { x: Value; constant: number } | undefined {
  const pair = value?.dtype === 'float32' ? operands(value, op) : undefined;
  const x = other(pair, (operand) => operand.shape.length === 0 && constantOf(operand) !== undefined);
  const constant = constantOf(pair?.find((operand) => operand !== x));
  return x && constant !== undefined ? { x, constant } : undefined;
}

/** Whether a number is the expected constant, up to float32 rounding. */
export const isNear = (value: number | undefined, expected: number): boolean =>
  value !== undefined && Math.abs(value - expected) <= 1e-6 * Math.abs(expected);

/** How often each value is read, by nodes or as a result of the graph. */
export function readCounts(graph: Graph): ReadonlyMap<Value, number> {
  const counts = new Map<Value, number>();
  const count = (value: Value) => counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const { inputs } of graph.nodes) inputs.forEach(count);
  Object.values(graph.outputs).forEach(count);
  Object.values(graph.updates).forEach(count);
  return counts;
}

/** The nodes that read each value, in order. Results of the graph do not count. */
export function readersOf({ nodes }: Graph): ReadonlyMap<Value, readonly Node[]> {
  const readers = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  return readers;
}

/**
 * All nodes that some of `targets` depend on. A target among them must not be joined with the others: it would depend
 * on itself.
 */
export function nodesBefore({ nodes }: Graph, targets: ReadonlySet<Node>): ReadonlySet<Node> {
  const before = new Set<Node>();
  for (const node of nodes.toReversed()) {
    if (!targets.has(node) && !before.has(node)) continue;
    for (const { node: source } of node.inputs) if (source) before.add(source);
  }
  return before;
}
