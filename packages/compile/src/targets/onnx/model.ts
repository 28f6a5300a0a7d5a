import { elementCount } from '@mlm/base/shape';
import { formatDimension, isSymbolic, staticShape } from '../../graph/dimension.js';
import { type Graph, type NamedValue, resultsOf, type Value } from '../../graph/graph.js';
import type { EmitTable } from '../emit.js';
import { ModelBuilder } from './emit/builder.js';
import { emitters } from './emit/index.js';
import { DATA_TYPE, encodeModel, type OnnxTensor, type OnnxType, type OnnxValueInfo } from './protobuf.js';
import { type Storage, store } from './storage.js';

/** The ONNX graph's output that holds a variable's next value. */
export const updateName = (variable: string): string => `${variable}/next`;

/** An output's name in the ONNX graph, where it must differ from those of inputs and variables. */
export function outputName({ inputs, variables }: Graph, name: string): string {
  return [...inputs, ...variables].some((value) => value.name === name) ? `${name}/output` : name;
}

/** How `toOnnx` writes a graph. */
export interface OnnxOptions {
  /** Values of variables to write into the file, by name (2 GB at most). All other variables become inputs. */
  readonly values?: ReadonlyMap<string, Float32Array | Int32Array>;
  /** How a variable's values are stored. Default: float32, as is everything but float32 matrices. */
  readonly storage?: (variable: string) => Storage | undefined;
  /** Names of int32 inputs that become int64, as exporters of other frameworks write them. */
  readonly int64Inputs?: readonly string[];
}

/**
 * Writes a graph as an .onnx file (opset 21, with onnxruntime's com.microsoft operators). Inputs and outputs keep their
 * names. Variables that the graph reads become inputs, and the next value of an assigned variable the output
 * `<name>/next`.
 *
 * @returns the bytes of the file
 * @throws Error naming an operation without an equivalent in ONNX; RangeError if a value's length does not fit its
 *   variable
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { toOnnx, trace } from '@mlm/compile';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * const graph = trace((_, { x }) => ({ y: tf.relu(x!) }), { inputs: { x: { shape: ['batch', 3], dtype: 'float32' } } });
 * await writeFile('relu.onnx', toOnnx(graph));
 * ```
 */
export const toOnnx = (graph: Graph, options: OnnxOptions = {}): Uint8Array =>
  toOnnxWith(emitters, graph, options);

/** {@link toOnnx} with a given table of emitters. */
export function toOnnxWith(
  table: EmitTable<ModelBuilder>,
  graph: Graph,
  { values, storage, int64Inputs = [] }: OnnxOptions = {},
): Uint8Array {
  const results = [
    ...Object.entries(graph.outputs).map(([name, value]): [string, Value] => [
      outputName(graph, name),
      value,
    ]),
    ...Object.entries(graph.updates).map(([name, value]): [string, Value] => [updateName(name), value]),
  ];
  const read = usedVariables(graph);
  const stored = read.flatMap((value) => {
    const array = values?.get(value.name);
    return array ? [{ value, array }] : [];
  });
  const leaves = [...graph.inputs, ...read.filter(({ name }) => !values?.has(name))];
  const named = [...leaves, ...stored.map(({ value }) => value)];
  const given = named.map(({ name }) => name);
  const builder = new ModelBuilder(new Set([...given, ...results.map(([name]) => name)]));
  for (const value of named) builder.declare(value, value.name);
  for (const { value, array } of stored) {
    checkLength(value, array);
    const form = array instanceof Float32Array ? storage?.(value.name) : undefined;
    if (form) builder.bind(value, store(builder, value, array as Float32Array, form));
    else builder.initializers.push(storedTensor(value, array));
  }
  const isWide = ({ name }: NamedValue) => int64Inputs.includes(name);
  for (const value of leaves.filter(isWide)) {
    builder.bind(value, builder.op('Cast', [value.name], { to: DATA_TYPE.int32 }));
  }
  for (const node of graph.nodes) {
    const emit = table[node.op];
    if (!emit) throw new Error(`the operation ${node.op} has no equivalent in ONNX`);
    const names = [emit(builder, node, ...node.inputs.map((value) => builder.name(value)))].flat();
    node.outputs.forEach((value, i) => {
      if (names[i] !== undefined) builder.bind(value, names[i]);
    });
  }
  nameResults(builder, results);
  return encodeModel(
    builder.model(
      leaves.map((value) => valueInfo(value, value.name, isWide(value) ? 'int64' : value.dtype)),
      results.map(([name, value]) => valueInfo(value, name, value.dtype)),
    ),
  );
}

/**
 * Names results where they are computed: an Identity would copy each of them, including the gradients of all weights.
 */
function nameResults(builder: ModelBuilder, results: readonly (readonly [string, Value])[]): void {
  const computed = new Set(builder.nodes.flatMap(({ outputs }) => outputs));
  const names = new Map<string, string>();
  const copies: (readonly [from: string, to: string])[] = [];
  for (const [name, value] of results) {
    const known = builder.name(value);
    // Inputs, and values that already are a result under another name, are copied.
    if (computed.has(known) && !names.has(known)) names.set(known, name);
    else copies.push([known, name]);
  }
  const rename = (tensors: readonly string[]) => tensors.map((tensor) => names.get(tensor) ?? tensor);
  builder.nodes.forEach((node, i) => {
    builder.nodes[i] = { ...node, inputs: rename(node.inputs), outputs: rename(node.outputs) };
  });
  for (const [from, to] of copies) {
    const [inputs, outputs] = [rename([from]), [to]];
    builder.nodes.push({ opType: 'Identity', domain: '', inputs, outputs, attributes: {} });
  }
}

function checkLength({ name, shape }: Value, value: Float32Array | Int32Array): void {
  const length = elementCount(staticShape(shape));
  if (value.length !== length) {
    throw new RangeError(`the variable '${name}' holds ${length} values, not ${value.length}`);
  }
}

function storedTensor({ name, shape, dtype }: NamedValue, value: Float32Array | Int32Array): OnnxTensor {
  const data = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return { name, type: dtype, dims: shape as number[], data };
}

function usedVariables(graph: Graph): NamedValue[] {
  const used = new Set<Value>([...graph.nodes.flatMap(({ inputs }) => inputs), ...resultsOf(graph)]);
  return graph.variables.filter((value) => used.has(value));
}

const valueInfo = ({ shape }: Value, name: string, type: OnnxType): OnnxValueInfo => ({
  name,
  type,
  dims: shape.map((dimension) => (isSymbolic(dimension) ? formatDimension(dimension) : dimension)),
});
