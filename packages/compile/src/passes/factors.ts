import { constantOf, type Graph, type Node, type Value } from '../graph/graph.js';
import { type AddNode, rewrite } from '../graph/rewrite.js';
import { scaled } from './pattern.js';

/** Operations f with f(c · x) = c · f(x) for floats. */
const LINEAR = new Set(['Sum', 'Mean', 'Reshape', 'Transpose', 'Slice', 'Tile', 'BroadcastTo', 'GatherV2']);

/**
 * Moves constant factors towards the results, from c · x · y to c · (x · y) and from f(c · x) to c · f(x), where they
 * can be combined, or absorbed by matrix products and smaller tensors.
 */
export function moveFactors(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, emit) => {
    const value = node.op === 'Multiply' ? product(node, inputs, emit) : linear(node, inputs, emit);
    return value && [value];
  });
}

function product(node: Node, inputs: readonly Value[], emit: AddNode): Value | undefined {
  const parts = inputs.map((value) => scaled(value) ?? { x: value, factor: 1 });
  const factor = parts.reduce((all, part) => all * part.factor, 1);
  if (inputs.every((value) => scaled(value) === undefined)) return undefined;
  const [a, b] = parts.map(({ x }) => x) as [Value, Value];
  // c · (d · x) = (c · d) · x
  for (const [x, constant] of [
    [a, constantOf(b)],
    [b, constantOf(a)],
  ] as const) {
    const isScalar = (x === a ? b : a).shape.length === 0;
    if (constant !== undefined && isScalar) return times(x, Math.fround(factor * constant), node, emit);
  }
  return times(emit('Multiply', [a, b], {}, node.outputs)[0]!, factor, node, emit);
}

function linear(node: Node, [x, ...others]: readonly Value[], emit: AddNode): Value | undefined {
  const part = LINEAR.has(node.op) ? scaled(x) : undefined;
  if (!part) return undefined;
  const result = emit(node.op, [part.x, ...others], node.attributes, node.outputs)[0]!;
  return times(result, part.factor, node, emit);
}

function times(x: Value, factor: number, node: Node, emit: AddNode): Value {
  const constant = emit('Fill', [], { shape: [], value: factor }, [{ shape: [], dtype: 'float32' }])[0];
  return emit('Multiply', [x, constant], {}, node.outputs)[0]!;
}
