import type { TupleOf } from '@mlm/base/tuple';
import type { Shape, SymbolicDimension } from './dimension.js';

/** Element types of tensors. */
export type DType = 'float32' | 'int32' | 'bool';

/** Elements of a tensor, row-major: float32, int32, or bool as 0 and 1. */
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/**
 * A setting of a node: a number or an expression of named sizes, a text, a flag, a list of these, or a constant's
 * elements.
 */
export type Attribute =
  | boolean
  | number
  | string
  | null
  | TypedArray
  | SymbolicDimension
  | readonly Attribute[];

/** A node's settings by name. Axes are counted from the front and sizes are explicit; neither is ever −1. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** A tensor in the graph: an input, a variable's value at the start of the run, or an output of a node. */
export interface Value {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The name of an input or a variable. */
  readonly name?: string;
  /** The node that computes the value; undefined for inputs and variables. */
  readonly node?: Node;
}

/** An input or a variable of a graph. */
export interface NamedValue extends Value {
  readonly name: string;
}

/**
 * One operation. `op` is the name of a tfjs kernel (`Add`, `BatchMatMul`, `GatherV2`, …), with inputs in the order of
 * src/trace/kernels, or one of these:
 *
 * - `Fill` {shape, value}: a tensor, possibly a scalar, of equal elements;
 * - `Const` {value}: any other constant, as a typed array;
 * - a primitive of src/primitives: `AdamW`, `Barrier`, `DeviceSum` or `DropoutMask`;
 * - an operation that a pass introduces for one target (src/passes).
 */
export interface Node {
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

/** A traced function. Nodes are in topological order: each reads inputs, variables and outputs of earlier nodes. */
export interface Graph {
  readonly inputs: readonly NamedValue[];
  readonly variables: readonly NamedValue[];
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, Value>>;
  /** The value of each assigned variable after the run, by the variable's name. */
  readonly updates: Readonly<Record<string, Value>>;
}

/** Shape and dtype of an output of a new node. */
export interface OutputSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A node whose type tells how many outputs it has. */
export interface NodeOf<Outputs extends readonly OutputSpec[]> extends Node {
  readonly outputs: Readonly<TupleOf<Outputs, Value>>;
}

/** Makes a node and its output values. */
export function makeNode<const Outputs extends readonly OutputSpec[]>(
  op: string,
  inputs: readonly Value[],
  attributes: Attributes,
  outputs: Outputs,
): NodeOf<Outputs> {
  const values: Value[] = [];
  const node = { op, inputs, attributes, outputs: values as Readonly<TupleOf<Outputs, Value>> };
  for (const { shape, dtype } of outputs) values.push({ shape, dtype, node });
  return node;
}

/** The number that all elements of a constant are equal to, if the value is such a constant. */
export function constantOf(value: Value | undefined): number | undefined {
  const constant = value?.node?.op === 'Fill' ? value.node.attributes.value : undefined;
  return typeof constant === 'number' ? constant : undefined;
}

/** A graph's results, each replaced by another value. */
export function mapResults(
  { outputs, updates }: Graph,
  to: (value: Value) => Value,
): Pick<Graph, 'outputs' | 'updates'> {
  const mapped = (record: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));
  return { outputs: mapped(outputs), updates: mapped(updates) };
}

/** All results of a graph: its outputs and updates. */
export const resultsOf = (graph: Graph): Value[] => [
  ...Object.values(graph.outputs),
  ...Object.values(graph.updates),
];
