import { sameShape } from '../graph/dimension.js';
import type { Graph, Node, Value } from '../graph/graph.js';
import { type NodeReplacement, once, replace } from '../graph/rewrite.js';
import { nodesBefore, readCounts, readersOf } from './pattern.js';

/**
 * Computes a sum of matrix products, Σ aᵢ · wᵢ, as one product of concatenations, [a₁ a₂ …] · [w₁; w₂; …]. The gradient
 * of the common input of query, key and value is such a sum. The products aᵢᵀ · x and the column sums of the aᵢ,
 * gradients of weights and biases, are joined as well; each reader takes a slice.
 */
export function joinProducts(graph: Graph): Graph {
  const readers = readersOf(graph);
  const counts = readCounts(graph);
  const isReadOnce = (value: Value) => counts.get(value) === 1;
  const isTerm = (node: Node): boolean => {
    const [reader] = readers.get(node.outputs[0]!) ?? [];
    return isSum(node) && isReadOnce(node.outputs[0]!) && reader !== undefined && isSum(reader);
  };
  const replacements = new Map<Node, NodeReplacement>();
  for (const root of graph.nodes) {
    if (!isSum(root) || isTerm(root)) continue;
    const terms = termsOf(root, isReadOnce);
    const products = terms.flatMap(({ node }) =>
      isProduct(node) && isReadOnce(node.outputs[0]!) ? [node] : [],
    );
    const factors = products.map(({ inputs }) => inputs[0]!);
    if (products.length < 2 || new Set(factors).size < factors.length) continue;
    const rest = terms.filter(({ node }) => !node || !products.includes(node));
    const before = nodesBefore(graph, new Set(factors.flatMap(({ node }) => node ?? [])));
    joinAt(root, products, rest, { readers, before }, replacements);
  }
  return replace(graph, replacements);
}

const isSum = ({ op, outputs }: Node): boolean => op === 'Add' && outputs[0]!.shape.length === 2;

/** The product of two matrices, neither of them transposed. */
const isProduct = (node: Node | undefined): node is Node =>
  node?.op === 'BatchMatMul' &&
  !node.attributes.transposeA &&
  !node.attributes.transposeB &&
  node.inputs.every(({ shape }) => shape.length === 2);

function termsOf(sum: Node, isReadOnce: (value: Value) => boolean): Value[] {
  return sum.inputs.flatMap((value) => {
    const inner = value.node && isSum(value.node) && isReadOnce(value);
    return inner && sameShape(value.shape, sum.outputs[0]!.shape) ? termsOf(value.node, isReadOnce) : [value];
  });
}

function joinAt(
  root: Node,
  products: readonly Node[],
  rest: readonly Value[],
  { readers, before }: { readers: ReadonlyMap<Value, readonly Node[]>; before: ReadonlySet<Node> },
  replacements: Map<Node, NodeReplacement>,
): void {
  const factors = products.map(({ inputs }) => inputs[0]!);
  const widths = factors.map(({ shape }) => shape[1] as number);
  const width = widths.reduce((sum, size) => sum + size, 0);
  const rows = factors[0]!.shape[0]!;
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, size) => sum + size, 0));
  const joined = once((get, emit) => {
    return emit('Concat', factors.map(get), { axis: 1 }, [{ shape: [rows, width], dtype: 'float32' }]);
  });

  replacements.set(root, (get, emit) => {
    const weights = products.map(({ inputs }) => get(inputs[1]!));
    const output = root.outputs[0]!;
    const [stacked] = emit('Concat', weights, { axis: 0 }, [
      { shape: [width, output.shape[1]!], dtype: 'float32' },
    ]);
    const [product] = emit('BatchMatMul', [joined(get, emit)[0]!, stacked], {}, [output]);
    const others = rest.map(get);
    return [others.reduce((sum, value) => emit('Add', [sum, value], {}, [output])[0], product)];
  });

  /**
   * Joins the nodes that compute the same function of each factor into one node, of which each reader takes a slice.
   */
  const share = (alike: (node: Node, factor: Value) => Value | undefined) => {
    const found = factors.map((factor) => (readers.get(factor) ?? []).filter((node) => alike(node, factor)));
    const other = found[0]?.[0] && alike(found[0][0], factors[0]!);
    const same = found.map((nodes, i) => nodes.find((node) => alike(node, factors[i]!) === other));
    if (!same.every((node) => node !== undefined) || same.some((node) => before.has(node))) return;
    const whole = once((get, emit) => {
      const { op, inputs, attributes, outputs } = same[0]!;
      const shape = [width, ...outputs[0]!.shape.slice(1)];
      return emit(op, [...joined(get, emit), ...inputs.slice(1).map(get)], attributes, [
        { shape, dtype: 'float32' },
      ]);
    });
    same.forEach((node, i) => {
      replacements.set(node, (get, emit) => {
        const { shape } = node.outputs[0]!;
        const begin = [starts[i]!, ...shape.slice(1).map(() => 0)];
        return emit('Slice', whole(get, emit), { begin, size: shape as number[] }, node.outputs);
      });
    });
  };
  share((node, factor) => (isColumnSum(node) && node.inputs[0] === factor ? factors[0] : undefined));
  share((node, factor) => {
    const transposed = node.op === 'BatchMatMul' && node.attributes.transposeA && !node.attributes.transposeB;
    return transposed && node.inputs[0] === factor ? node.inputs[1] : undefined;
  });
}

/** Whether a node sums the rows of a matrix. */
export const isColumnSum = ({ op, inputs, attributes }: Node): boolean =>
  op === 'Sum' && inputs[0]!.shape.length === 2 && String(attributes.axes) === '0' && !attributes.keepDims;
