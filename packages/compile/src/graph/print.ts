import { formatDimension, formatShape, isSymbolic } from './dimension.js';
import { type Attribute, constantOf, type Graph, type Node, type Value } from './graph.js';

/**
 * Prints a graph, one node per line: `%3: float32[2,4] = BatchMatMul(%1, weight) {transposeB: true}`. Scalar constants
 * are printed where they are used.
 *
 * @example
 * ```ts
 * import { printGraph, trace } from '@mlm/compile';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * const graph = trace((_, { x }) => ({ y: tf.relu(x!) }), { inputs: { x: { shape: ['batch', 3], dtype: 'float32' } } });
 * console.log(printGraph(graph));
 * ```
 */
export function printGraph(graph: Graph): string {
  return lines(graph).join('\n');
}

function lines(graph: Graph): string[] {
  const names = new Map<Value, string>();
  const nameOf = (value: Value): string => {
    const known = names.get(value) ?? value.name;
    if (known !== undefined) return known;
    const constant = value.shape.length === 0 ? constantOf(value) : undefined;
    return constant === undefined ? '%undefined' : formatNumber(constant);
  };
  const text: string[] = [];
  for (const value of graph.inputs) text.push(`input ${typed(value, value.name)}`);
  for (const value of graph.variables) text.push(`variable ${typed(value, value.name)}`);
  for (const node of graph.nodes) {
    if (isScalarConstant(node)) continue;
    for (const value of node.outputs) names.set(value, `%${names.size}`);
    const results = node.outputs.map((value) => typed(value, nameOf(value))).join(', ');
    text.push(`${results} = ${node.op}(${node.inputs.map(nameOf).join(', ')})${formatAttributes(node)}`);
  }
  for (const [name, value] of Object.entries(graph.outputs)) text.push(`output ${name} = ${nameOf(value)}`);
  for (const [name, value] of Object.entries(graph.updates)) text.push(`update ${name} = ${nameOf(value)}`);
  return text;
}

const typed = (value: Value, name: string): string => `${name}: ${value.dtype}${formatShape(value.shape)}`;

const isScalarConstant = (node: Node): boolean =>
  node.op === 'Fill' && node.outputs[0]!.shape.length === 0 && constantOf(node.outputs[0]) !== undefined;

function formatAttributes(node: Node): string {
  const entries = Object.entries(node.attributes).filter(([, value]) => value !== null && value !== false);
  if (entries.length === 0) return '';
  return ` {${entries.map(([name, value]) => `${name}: ${formatAttribute(value)}`).join(', ')}}`;
}

function formatAttribute(attribute: Attribute): string {
  if (typeof attribute === 'number') return formatNumber(attribute);
  if (Array.isArray(attribute)) return `[${attribute.map(formatAttribute).join(',')}]`;
  if (isSymbolic(attribute)) return formatDimension(attribute);
  if (ArrayBuffer.isView(attribute)) {
    const values = Array.from(attribute.subarray(0, 8), formatNumber).join(',');
    return attribute.length > 8 ? `[${values},… ${attribute.length} values]` : `[${values}]`;
  }
  return String(attribute);
}

/** As few digits as float32 needs: 0.1 rather than 0.10000000149011612. */
const formatNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
