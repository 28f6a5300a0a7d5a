import { type Shape, sameShape } from '../graph/dimension.js';
import {
  type Attributes,
  constantOf,
  type DType,
  type Graph,
  type Node,
  type Value,
} from '../graph/graph.js';
import { type AddNode, rewrite } from '../graph/rewrite.js';
import { operands } from './pattern.js';

/**
 * Folds arithmetic on constants and removes what changes nothing: x + 0, x · 1, reshapes of reshapes, transposes of
 * transposes.
 */
export function simplifyAlgebra(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, emit) => {
    const simplified = constantResult(node, inputs, emit) ?? withoutNeutral(node, inputs, emit);
    const value = simplified ?? withoutLayoutChains(node, inputs, emit);
    return value && [value];
  });
}

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  Maximum: Math.max,
  Minimum: Math.min,
};

const UNARY: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Sqrt: Math.sqrt,
  Rsqrt: (x) => 1 / Math.sqrt(x),
  Square: (x) => x * x,
};

/** Operations that only move elements, so that equal ones stay equal. */
const LAYOUT = new Set(['Reshape', 'Transpose', 'Slice', 'Tile', 'BroadcastTo', 'Reverse']);

/** The result of an operation on constants of equal elements. */
function constantResult(node: Node, inputs: readonly Value[], emit: AddNode): Value | undefined {
  const [output] = node.outputs as [Value];
  if (output.dtype !== 'float32' || inputs.length === 0) return undefined;
  const operands = inputs.map(constantOf);
  if (!operands.every((operand) => operand !== undefined)) return undefined;
  const [a, b] = operands as [number, number];
  const compute = BINARY[node.op] ?? UNARY[node.op];
  if (LAYOUT.has(node.op)) return fill(output.shape, a, output.dtype, emit);
  return compute && fill(output.shape, Math.fround(compute(a, b)), output.dtype, emit);
}

const NEUTRAL: Readonly<Record<string, { readonly value: number; readonly left: boolean }>> = {
  Add: { value: 0, left: true },
  Sub: { value: 0, left: false },
  Multiply: { value: 1, left: true },
  RealDiv: { value: 1, left: false },
};

/**
 * The other operand of x + 0, x · 1 and the like; else a constant of equal elements becomes a scalar, which is
 * broadcast.
 */
function withoutNeutral(node: Node, inputs: readonly Value[], emit: AddNode): Value | undefined {
  const [output] = node.outputs as [Value];
  const neutral = NEUTRAL[node.op];
  if (!neutral) return undefined;
  const [a, b] = inputs as [Value, Value];
  const same = (value: Value) => value.dtype === output.dtype && sameShape(value.shape, output.shape);
  if (constantOf(b) === neutral.value && same(a)) return a;
  if (neutral.left && constantOf(a) === neutral.value && same(b)) return b;
  const narrow = (value: Value, other: Value): Value => {
    const constant = constantOf(value);
    const repeats = value.shape.length > 0 && sameShape(other.shape, output.shape);
    return constant !== undefined && repeats ? fill([], constant, value.dtype, emit) : value;
  };
  const [left, right] = [narrow(a, b), narrow(b, a)];
  return left === a && right === b ? undefined : emit(node.op, [left, right], {}, [output])[0];
}

function withoutLayoutChains(node: Node, inputs: readonly Value[], emit: AddNode): Value | undefined {
  const [x] = inputs as [Value];
  const [output] = node.outputs as [Value];
  if (node.op === 'Reshape') {
    if (sameShape(x.shape, output.shape)) return x;
    const [original] = operands(x, 'Reshape') ?? [];
    if (!original) return undefined;
    if (sameShape(original.shape, output.shape)) return original;
    return emit('Reshape', [original], node.attributes, [output])[0];
  }
  if (node.op === 'Transpose') {
    const perm = node.attributes.perm as readonly number[];
    const isIdentity = (axes: readonly number[]) => axes.every((axis, i) => axis === i);
    const [original] = operands(x, 'Transpose') ?? [];
    if (!original) return isIdentity(perm) ? x : undefined;
    const inner = x.node?.attributes.perm as readonly number[];
    const composed = perm.map((axis) => inner[axis]!);
    return isIdentity(composed) ? original : emit('Transpose', [original], { perm: composed }, [output])[0];
  }
  return undefined;
}

function fill(shape: Shape, value: number, dtype: DType, emit: AddNode): Value {
  const attributes: Attributes = { shape: shape as readonly number[], value };
  return emit('Fill', [], attributes, [{ shape, dtype }])[0];
}
