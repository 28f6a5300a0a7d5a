import { formatDimension, isSymbolic } from '../graph/dimension.js';
import type { Attribute, Graph, Node, Value } from '../graph/graph.js';
import { rewrite } from '../graph/rewrite.js';

/** Common subexpression elimination: computes equal values once. */
export function shareCommon(graph: Graph): Graph {
  const identities = new Map<Value, number>();
  const identity = (value: Value): number => {
    const known = identities.get(value) ?? identities.size;
    identities.set(value, known);
    return known;
  };
  const seen = new Map<string, readonly Value[]>();
  return rewrite(graph, (node, inputs, emit) => {
    const key = keyOf(node, inputs.map(identity));
    const known = seen.get(key);
    if (known) return known;
    const values = emit(node.op, inputs, node.attributes, node.outputs);
    seen.set(key, values);
    return values;
  });
}

function keyOf(node: Node, inputs: readonly number[]): string {
  const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}=${attributeKey(value)}`);
  const dtypes = node.outputs.map(({ dtype }) => dtype);
  return `${node.op}(${inputs}){${attributes.join(';')}}${dtypes}`;
}

function attributeKey(attribute: Attribute): string {
  if (Array.isArray(attribute)) return `[${attribute.map(attributeKey).join()}]`;
  if (isSymbolic(attribute)) return formatDimension(attribute);
  if (ArrayBuffer.isView(attribute)) return `[${attribute.join()}]`;
  return Object.is(attribute, -0) ? '-0' : String(attribute);
}
