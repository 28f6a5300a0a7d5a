import { sameShape } from '../graph/dimension.js';
import { type Attributes, constantOf, type Graph, type Node, type Value } from '../graph/graph.js';
import { type AddNode, rewrite } from '../graph/rewrite.js';
import { readCounts, scaled } from './pattern.js';

/** The matrix product α·a·b + β·bias. Attributes say whether a and b are transposed; the bias, one row, is optional. */
export const SCALED_MATMUL = 'ScaledMatMul';

/**
 * Makes transposes, constant factors and biases part of matrix products, whose kernels apply them at no extra cost:
 * `c · (a × b)` and `(c · a) × b` become a factor, `a × b + bias` an initial value, `aᵀ × b` an attribute.
 */
export function fuseMatMul(graph: Graph): Graph {
  const products = rewrite(graph, (node, inputs, emit) => {
    if (node.op !== 'BatchMatMul') return undefined;
    return emit(SCALED_MATMUL, inputs, { ...node.attributes, alpha: 1, beta: 1 }, node.outputs);
  });
  return withResultsTaken(withOperandsTaken(products));
}

/** Absorbs transposes and factors of a product's operands, which remain for other readers. */
function withOperandsTaken(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, emit) => {
    if (node.op !== SCALED_MATMUL) return undefined;
    let { alpha, transposeA, transposeB } = node.attributes as MatMulAttributes;
    const take = (operand: Value): { operand: Value; swapped: boolean } => {
      const factor = scaled(operand);
      if (factor && factor.x.shape.length === operand.shape.length) {
        alpha *= factor.factor;
        return take(factor.x);
      }
      const original = swapsMatrixAxes(operand.node) ? operand.node?.inputs[0] : undefined;
      if (!original) return { operand, swapped: false };
      const inner = take(original);
      return { operand: inner.operand, swapped: !inner.swapped };
    };
    const [a, b] = [take(inputs[0]!), take(inputs[1]!)];
    if (a.operand === inputs[0] && b.operand === inputs[1]) return undefined;
    transposeA = transposeA !== a.swapped;
    transposeB = transposeB !== b.swapped;
    const attributes: Attributes = { ...node.attributes, alpha, transposeA, transposeB };
    return emit(SCALED_MATMUL, [a.operand, b.operand, ...inputs.slice(2)], attributes, node.outputs);
  });
}

type MatMulAttributes = Attributes & { alpha: number; transposeA: boolean; transposeB: boolean };

function swapsMatrixAxes(node: Node | undefined): boolean {
  if (node?.op !== 'Transpose') return false;
  const perm = node.attributes.perm as readonly number[];
  const rank = perm.length;
  const swapped = perm.map((_, i) => (i < rank - 2 ? i : i === rank - 2 ? rank - 1 : rank - 2));
  return perm.every((axis, i) => axis === swapped[i]);
}

/** Absorbs a factor or a bias into a product that nothing else reads. */
function withResultsTaken(graph: Graph): Graph {
  const reads = readCounts(graph);
  const single = new Set<Value>();
  return rewrite(graph, (node, inputs, emit) => {
    const result = scaledResult(node, inputs, single, emit) ?? biasedResult(node, inputs, single, emit);
    if (result && reads.get(node.outputs[0]!) === 1) single.add(result);
    if (result) return [result];
    if (node.op !== SCALED_MATMUL) return undefined;
    const values = emit(node.op, inputs, node.attributes, node.outputs);
    if (reads.get(node.outputs[0]!) === 1) single.add(values[0]!);
    return values;
  });
}

function scaledResult(
  node: Node,
  inputs: readonly Value[],
  single: ReadonlySet<Value>,
  emit: AddNode,
): Value | undefined {
  if (node.op !== 'Multiply') return undefined;
  const product = inputs.find((value) => single.has(value));
  const factor = constantOf(inputs.find((value) => value !== product && value.shape.length === 0));
  if (!product?.node || factor === undefined) return undefined;
  const { attributes } = product.node;
  const [alpha, beta] = [attributes.alpha as number, attributes.beta as number];
  const scaledAttributes = { ...attributes, alpha: alpha * factor, beta: beta * factor };
  return emit(SCALED_MATMUL, product.node.inputs, scaledAttributes, node.outputs)[0];
}

/** For two-dimensional matrices only: the engine's batched product takes no bias. */
function biasedResult(
  node: Node,
  inputs: readonly Value[],
  single: ReadonlySet<Value>,
  emit: AddNode,
): Value | undefined {
  if (node.op !== 'Add' || node.outputs[0]!.shape.length !== 2) return undefined;
  const product = inputs.find((value) => single.has(value));
  const bias = inputs.find((value) => value !== product);
  if (product?.node?.inputs.length !== 2 || bias?.shape.length !== 1) return undefined;
  // A bias wider than the product would broadcast the product's single column; Gemm does not.
  if (!sameShape(product.shape, node.outputs[0]!.shape)) return undefined;
  return emit(
    SCALED_MATMUL,
    [...product.node.inputs, bias],
    { ...product.node.attributes, beta: 1 },
    node.outputs,
  )[0];
}
