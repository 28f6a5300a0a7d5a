import { elementCount } from '@mlm/base/shape';
import { isSymbolic } from '../../../graph/dimension.js';
import type { Graph, Node, Value } from '../../../graph/graph.js';
import { DROPOUT_MASKS } from '../../../passes/masks.js';

/** Operations on activations whose results are activations: they move elements or compute each one independently. */
const passesOn = new Set([
  ...['Abs', 'Elu', 'Erf', 'Exp', 'Log', 'Neg', 'Reciprocal', 'Relu', 'Rsqrt', 'Sigmoid', 'Softmax'],
  ...['Sqrt', 'Square', 'Tanh', 'Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum'],
  ...['SquaredDifference', 'EluGrad', 'Select', 'Reshape', 'Transpose', 'Slice', 'PadV2', 'Concat'],
  ...['Pack', 'SplitV', 'GatherV2', 'Barrier'],
]);

/**
 * The activations and gradients of activations that are kept in memory, in bfloat16 if the precision is bf16.
 *
 * Activations are results of matrix products, rows of embeddings, and what is computed from these element by element,
 * but not gradients of weights, which sum over all rows, nor sums, statistics, weights and optimizer updates. Those
 * kept in memory are residual sums, softmax, operands of matrix products, and whatever is read after the next product;
 * the rest is computed in float32, along with its readers.
 */
export function keptActivations(graph: Graph): ReadonlySet<Value> {
  const activations = new Set<Value>();
  const tables = new Set(graph.variables.map(({ shape }) => String(shape)));
  const products: number[] = [];
  const made = new Map<Value, number>();
  const lastReader = new Map<Value, number>();
  const kept = new Set<Value>();
  graph.nodes.forEach((node, index) => {
    if (node.op === 'BatchMatMul') {
      products.push(index);
      for (const input of node.inputs) kept.add(sourceOf(input));
    }
    for (const input of node.inputs) lastReader.set(input, index);
    for (const output of node.outputs) {
      if (output.dtype !== 'float32' || !isActivation(node, output, activations, tables)) continue;
      activations.add(output);
      made.set(output, index);
      if (node.op === 'Softmax' || isResidual(node, output, activations)) kept.add(output);
    }
  });
  for (const value of activations) {
    const next = products.find((index) => index > made.get(value)!);
    if (next !== undefined && (lastReader.get(value) ?? 0) > next) kept.add(value);
  }
  return new Set([...kept].filter((value) => activations.has(value)));
}

/** Whether a node needs its inputs in full float32: the maximum in the softmax of the loss. */
export const readsExactly = ({ op }: Node): boolean => op === 'Max';

/** The computed value that reshapes and transposes have moved. */
function sourceOf(value: Value): Value {
  const moved = value.node?.op === 'Reshape' || value.node?.op === 'Transpose';
  return moved ? sourceOf(value.node.inputs[0]!) : value;
}

/** Whether a node is the sum of two activations. */
const isResidual = ({ op, inputs }: Node, output: Value, activations: ReadonlySet<Value>): boolean =>
  op === 'Add' && inputs.every((input) => activations.has(input) && sizeOf(input) === sizeOf(output));

function isActivation(
  node: Node,
  output: Value,
  activations: ReadonlySet<Value>,
  tables: ReadonlySet<string>,
): boolean {
  if (node.op === 'BatchMatMul') return !sumsOverRows(node);
  if (node.op === 'GatherV2' && node.inputs[0]!.node === undefined) return true;
  // The gradient of selected rows, unless they are rows of a table, whose gradient is a weight's.
  if (node.op === 'UnsortedSegmentSum')
    return activations.has(node.inputs[0]!) && !tables.has(String(output.shape));
  if (!passesOn.has(node.op)) return false;
  // Broadcast operands, such as biases and statistics, do not count.
  const size = sizeOf(output);
  const whole = node.inputs.filter((input) => input.dtype === 'float32' && sizeOf(input) >= size);
  const own = whole.filter((input) => input.node?.op !== DROPOUT_MASKS && input.node?.op !== 'Fill');
  return own.length > 0 && own.every((input) => activations.has(input));
}

/** Whether a product is the gradient of a weight: its first operand is a transposed matrix. */
export const sumsOverRows = ({ attributes, inputs }: Node): boolean =>
  attributes.transposeA === true && inputs[0]!.shape.length === 2;

/** Elements of a value; named sizes count as 1. */
const sizeOf = ({ shape }: Value): number => elementCount(shape.map((size) => (isSymbolic(size) ? 1 : size)));
