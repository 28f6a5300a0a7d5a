import { evaluateDimension, isSymbolic } from './dimension.js';
import { type Attribute, type Graph, makeNode, mapResults, type NamedValue, type Value } from './graph.js';

/** A graph for given sizes: every named size in shapes and attributes becomes a number. */
export function specialize(graph: Graph, sizes: ReadonlyMap<string, number>): Graph {
  const values = new Map<Value, Value>();
  const current = (value: Value): Value => values.get(value) ?? value;
  const shapeOf = ({ shape }: Pick<Value, 'shape'>) => shape.map((size) => evaluateDimension(size, sizes));
  const leaf = (value: NamedValue): NamedValue => {
    const fixed = { ...value, shape: shapeOf(value) };
    values.set(value, fixed);
    return fixed;
  };
  const inputs = graph.inputs.map(leaf);
  const variables = graph.variables.map(leaf);
  const nodes = graph.nodes.map((node) => {
    const attributes = Object.fromEntries(
      Object.entries(node.attributes).map(([name, value]) => [name, evaluated(value, sizes)]),
    );
    const fixed = makeNode(
      node.op,
      node.inputs.map(current),
      attributes,
      node.outputs.map((value) => ({ dtype: value.dtype, shape: shapeOf(value) })),
    );
    node.outputs.forEach((value, i) => {
      values.set(value, fixed.outputs[i]!);
    });
    return fixed;
  });
  return { inputs, variables, nodes, ...mapResults(graph, current) };
}

function evaluated(attribute: Attribute, sizes: ReadonlyMap<string, number>): Attribute {
  if (isSymbolic(attribute)) return evaluateDimension(attribute, sizes);
  return Array.isArray(attribute) ? attribute.map((item) => evaluated(item as Attribute, sizes)) : attribute;
}
