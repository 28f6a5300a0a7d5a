import { isSymbolic, sameShape } from '../graph/dimension.js';
import type { Graph, Node, Value } from '../graph/graph.js';
import { type AddNode, rewrite } from '../graph/rewrite.js';
import { readersOf } from './pattern.js';

/**
 * Computes the sum of the squares of many tensors, such as the global norm of gradients, with fewer reductions: vectors
 * are concatenated and summed at once, and so are the row sums of matrices. The order of the additions changes.
 */
export function joinNorms(graph: Graph): Graph {
  const readers = readersOf(graph);
  const isTerm = (node: Node) => {
    const own = readers.get(node.outputs[0]!);
    return own?.every(isScalarSum) ?? false;
  };
  return rewrite(graph, (node, inputs, emit) =>
    isScalarSum(node) && !isTerm(node) ? joined(inputs, emit) : undefined,
  );
}

const isScalarSum = ({ op, outputs }: Node): boolean =>
  op === 'Add' && outputs[0]!.shape.length === 0 && outputs[0]!.dtype === 'float32';

function joined(inputs: readonly Value[], emit: AddNode): readonly Value[] | undefined {
  const terms = inputs.flatMap(termsOf);
  const squared = wholes(terms.flatMap((term) => squaredIn(term) ?? []));
  if (squared.length < 2) return undefined;
  const others = terms.filter((term) => !squaredIn(term));
  const vectors = squared.filter(({ shape }) => shape.length === 1);
  const matrices = squared.filter(({ shape }) => shape.length > 1);
  // Vectors are concatenated before they are squared: XLA would split a sum over a concatenation again.
  const lengthwise = matrices.map((matrix) => sumOf(squareOf(matrix, emit), 1, emit));
  const sums = [
    ...(vectors.length > 0 ? [sumOf(squareOf(concatenated(vectors, emit), emit), 0, emit)] : []),
    ...(lengthwise.length > 0 ? [sumOf(concatenated(lengthwise, emit), 0, emit)] : []),
  ];
  return [[...others, ...sums].reduce((total, term) => emit('Add', [total, term], {}, [scalar])[0])];
}

const scalar = { shape: [], dtype: 'float32' } as const;

const squareOf = (x: Value, emit: AddNode): Value => emit('Square', [x], {}, [x])[0];

/** Sums over all axes from the given one on. */
function sumOf(x: Value, from: number, emit: AddNode): Value {
  const axes = x.shape.flatMap((_, axis) => (axis >= from ? [axis] : []));
  return emit('Sum', [x], { axes, keepDims: false }, [
    { shape: x.shape.slice(0, from), dtype: 'float32' },
  ])[0];
}

function concatenated(vectors: readonly Value[], emit: AddNode): Value {
  if (vectors.length === 1) return vectors[0]!;
  const size = vectors.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
  return emit('Concat', vectors, { axis: 0 }, [{ shape: [size], dtype: 'float32' }])[0];
}

/** The values, in which parts that make up a whole tensor are replaced by that tensor. */
function wholes(values: readonly Value[]): Value[] {
  const parts = new Map<Value, Value[]>();
  for (const value of values) {
    const whole = wholeOf(value);
    if (whole) parts.set(whole, [...(parts.get(whole) ?? []), value]);
  }
  for (const [whole, own] of parts) if (!covers(own, whole)) parts.delete(whole);
  const joined = new Set([...parts.values()].flat());
  return [...values.filter((value) => !joined.has(value)), ...parts.keys()];
}

/** The tensor that a value is a slice of rows of. */
const wholeOf = ({ node, shape }: Value): Value | undefined =>
  node?.op === 'Slice' && sameShape(node.inputs[0]!.shape.slice(1), shape.slice(1))
    ? node.inputs[0]
    : undefined;

/** Whether the parts cover every row of the whole exactly once. */
function covers(parts: readonly Value[], whole: Value): boolean {
  const starts = parts.map(
    ({ node, shape }) => [(node!.attributes.begin as number[])[0]!, shape[0] as number] as const,
  );
  const end = starts
    .toSorted(([a], [b]) => a - b)
    .reduce((reached, [from, size]) => (from === reached ? reached + size : Number.NaN), 0);
  return end === whole.shape[0];
}

/** The terms of a chain of scalar additions. */
function termsOf(value: Value): Value[] {
  return value.node && isScalarSum(value.node) ? value.node.inputs.flatMap(termsOf) : [value];
}

/** x, if the value is the sum of the squares of x. */
function squaredIn({ node }: Value): Value | undefined {
  const square = node?.op === 'Sum' && node.outputs[0]!.shape.length === 0 ? node.inputs[0]!.node : undefined;
  const source = square?.op === 'Square' ? square.inputs[0]! : undefined;
  const known =
    source && source.shape.length > 0 && !source.shape.some(isSymbolic) && source.dtype === 'float32';
  return known ? source : undefined;
}
