import type { Shape, SymbolicDimension } from './dimension.js';

/** Element types of tensors. */
export type DType = 'float32' | 'int32' | 'bool';

/** Elements of a tensor, row-major: float32, int32, or bool as 0 and 1. */
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** A setting of a node: numbers, also of named sizes, texts, flags, lists of them, or the elements of a constant. */
export type Attribute =
  | boolean
  | number
  | string
  | null
  | TypedArray
  | SymbolicDimension
  | readonly Attribute[];

/** A node's settings by name. Axes count from the front, sizes are explicit: neither is ever −1. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** A tensor in the graph. It is an input, a variable's value at the start of the run, or one output of a node. */
export interface Value {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The name of an input or a variable. */
  readonly name?: string;
  /** The node that computes the value; none for an input or a variable. */
  readonly node?: Node;
}

/**
 * One operation. `op` is a tfjs kernel name (`Add`, `BatchMatMul`, `GatherV2`, …), whose inputs stand in the order of
 * the kernel's table (src/trace/kernels), or one of:
 *
 * - `Fill` {shape, value}: a tensor whose elements are all equal, scalars among them;
 * - `Const` {value}: any other constant, as a typed array;
 * - `DropoutMask` {shape, rate, stream} of an int32[2] key: 0 or 1 / (1 − rate), see `dropoutMask`;
 * - `Barrier` of x and a value to wait for: x, computed again from there on, see `checkpoint`;
 * - what a pass makes for one target (src/simplify).
 */
export interface Node {
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

/** A traced function. Every value that a node reads is an input, a variable, or an output of an earlier node. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly variables: readonly Value[];
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, Value>>;
  /** What each assigned variable holds after the run, by the variable's name. */
  readonly updates: Readonly<Record<string, Value>>;
}

/** What `makeNode` needs to know about a value. */
export interface OutputSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Makes a node and the values that it computes. */
export function makeNode(
  op: string,
  inputs: readonly Value[],
  attributes: Attributes,
  outputs: readonly OutputSpec[],
): Node {
  const values: Value[] = [];
  const node: Node = { op, inputs, attributes, outputs: values };
  for (const { shape, dtype } of outputs) values.push({ shape, dtype, node });
  return node;
}

/** The number that a scalar or uniform constant holds, if the value is one. */
export function constantOf(value: Value | undefined): number | undefined {
  const constant = value?.node?.op === 'Fill' ? value.node.attributes.value : undefined;
  return typeof constant === 'number' ? constant : undefined;
}

/** Everything that leaves the graph: outputs and updates. */
export const resultsOf = (graph: Graph): Value[] => [
  ...Object.values(graph.outputs),
  ...Object.values(graph.updates),
];
