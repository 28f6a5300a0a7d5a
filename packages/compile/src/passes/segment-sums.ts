import { sameShape } from '../graph/dimension.js';
import type { Graph, Node, Value } from '../graph/graph.js';
import { type AddNode, rewrite } from '../graph/rewrite.js';
import { readCounts, readersOf } from './pattern.js';

const SEGMENT_SUM = 'UnsortedSegmentSum';

/**
 * Joins segment sums that are added to each other and to other terms, such as the gradients of an embedding table that
 * is looked up twice and also multiplied with: one segment sum of all rows starts from the other terms, its third
 * input.
 */
export function joinSegmentSums(graph: Graph): Graph {
  const readers = readersOf(graph);
  const counts = readCounts(graph);
  const isPart = (node: Node): boolean => {
    const [reader] = readers.get(node.outputs[0]!) ?? [];
    return isSum(node) && counts.get(node.outputs[0]!) === 1 && reader !== undefined && isSum(reader);
  };
  return rewrite(graph, (node, inputs, emit) => {
    if (!isSum(node) || isPart(node)) return undefined;
    const terms = termsOf(node.op, inputs, node.outputs[0]!);
    const { shape } = node.outputs[0]!;
    const sums = terms.flatMap(({ value, negative }): SumTerm[] =>
      isSegmentSum(value.node) && sameShape(value.shape, shape) ? [{ sum: value.node, negative }] : [],
    );
    const rest = terms.filter(({ value }) => !sums.some(({ sum }) => sum === value.node));
    // Rows cannot be added onto a term that is broadcast or subtracted.
    const isKept = ({ value, negative }: Term) => !negative && sameShape(value.shape, shape);
    if (sums.length === 0 || terms.length < 2 || !rest.every(isKept)) return undefined;
    return joined(sums, rest, node.outputs[0]!, emit);
  });
}

interface Term {
  readonly value: Value;
  readonly negative: boolean;
}

/** A term that is a segment sum. */
interface SumTerm {
  readonly sum: Node;
  readonly negative: boolean;
}

const isSum = ({ op, outputs }: Node): boolean =>
  (op === 'Add' || op === 'Sub') && outputs[0]!.dtype === 'float32' && outputs[0]!.shape.length === 2;

/** A segment sum of rows with one id each that has not been joined yet. */
const isSegmentSum = (node: Node | undefined): node is Node =>
  node?.op === SEGMENT_SUM && node.inputs.length === 2 && node.inputs[1]!.shape.length === 1;

function termsOf(op: string, inputs: readonly Value[], whole: Value, negative = false): Term[] {
  return inputs.flatMap((value, i) => {
    const minus = negative !== (op === 'Sub' && i === 1);
    const inner =
      value.node && isSum(value.node) && sameShape(value.shape, whole.shape) ? value.node : undefined;
    return inner ? termsOf(inner.op, inner.inputs, whole, minus) : [{ value, negative: minus }];
  });
}

function joined(
  sums: readonly SumTerm[],
  rest: readonly Term[],
  whole: Value,
  emit: AddNode,
): readonly Value[] {
  const rows = sums.map(({ sum, negative }) => {
    const x = sum.inputs[0]!;
    return negative ? emit('Neg', [x], {}, [x])[0] : x;
  });
  const ids = sums.map(({ sum }) => sum.inputs[1]!);
  const onto = rest.reduce<Value | undefined>(
    (sum, { value }) => (sum ? emit('Add', [sum, value], {}, [whole])[0] : value),
    undefined,
  );
  const { attributes } = sums[0]!.sum;
  return emit(
    SEGMENT_SUM,
    [concatenated(rows, emit), concatenated(ids, emit), ...(onto ? [onto] : [])],
    attributes,
    [whole],
  );
}

function concatenated(parts: readonly Value[], emit: AddNode): Value {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const length = parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
  return emit('Concat', parts, { axis: 0 }, [
    { shape: [length, ...first.shape.slice(1)], dtype: first.dtype },
  ])[0];
}
