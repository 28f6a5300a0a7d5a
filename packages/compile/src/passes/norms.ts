import { isSymbolic } from '../graph/dimension.js';
import type { Graph, Node, Value } from '../graph/graph.js';
import { type Emit, rewrite } from '../graph/rewrite.js';

/**
 * The sum of many tensors' squares, such as the global norm of gradients, in fewer reductions: vectors, which are many and
 * small, are joined and summed as one. What is summed is the same, in another order.
 */
export function joinNorms(graph: Graph): Graph {
  const readers = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  const isTerm = (node: Node) => readers.get(node.outputs[0]!)?.every(isScalarSum) ?? false;
  return rewrite(graph, (node, inputs, emit) =>
    isScalarSum(node) && !isTerm(node) ? joined(inputs, emit) : undefined,
  );
}

const isScalarSum = ({ op, outputs }: Node): boolean =>
  op === 'Add' && outputs[0]!.shape.length === 0 && outputs[0]!.dtype === 'float32';

function joined(inputs: readonly Value[], emit: Emit): readonly Value[] | undefined {
  const terms = inputs.flatMap(termsOf);
  const vectors = terms.flatMap((term) => vectorOf(term) ?? []);
  if (vectors.length < 2) return undefined;
  const others = terms.filter((term) => !vectorOf(term));
  const size = vectors.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
  const whole = { shape: [size], dtype: 'float32' } as const;
  const scalar = { shape: [], dtype: 'float32' } as const;
  // Joined before they are squared: a sum of what is joined last, XLA takes apart again.
  const [all] = emit('Concat', vectors, { axis: 0 }, [whole]);
  const [square] = emit('Square', [all!], {}, [whole]);
  const [sum] = emit('Sum', [square!], { axes: [0], keepDims: false }, [scalar]);
  return [others.reduce((total, term) => emit('Add', [total, term], {}, [scalar])[0]!, sum!)];
}

/** What a chain of scalar additions adds up. */
function termsOf(value: Value): Value[] {
  return value.node && isScalarSum(value.node) ? value.node.inputs.flatMap(termsOf) : [value];
}

/** The vector whose squares a value sums. */
function vectorOf({ node }: Value): Value | undefined {
  const square = node?.op === 'Sum' && node.outputs[0]!.shape.length === 0 ? node.inputs[0]!.node : undefined;
  const source = square?.op === 'Square' ? square.inputs[0]! : undefined;
  const vector = source?.shape.length === 1 && !isSymbolic(source.shape[0]) && source.dtype === 'float32';
  return vector ? source : undefined;
}
