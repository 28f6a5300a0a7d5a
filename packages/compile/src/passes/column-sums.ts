import type { Graph, Node, Value } from '../graph/graph.js';
import { type AddNode, type NodeReplacement, once, replace, rewrite } from '../graph/rewrite.js';
import { nodesBefore } from './pattern.js';
import { isColumnSum } from './products.js';

/** The number of parts in which the rows of a matrix are first summed: enough to keep a GPU busy. */
const PARTS = 64;

/**
 * Joins the column sums of many matrices, such as the gradients of biases and of LayerNorm's weights: each matrix is
 * summed in parts by the kernel that computes it, and one more kernel sums the parts of all matrices.
 */
export function joinColumnSums(graph: Graph): Graph {
  return joined(
    rewrite(graph, (node, inputs, emit) => (hasParts(node) ? inParts(node, inputs[0]!, emit) : undefined)),
  );
}

const hasParts = (node: Node): boolean => {
  const [rows] = node.inputs[0]?.shape ?? [];
  return isColumnSum(node) && typeof rows === 'number' && rows >= 2 * PARTS && rows % PARTS === 0;
};

function inParts(node: Node, x: Value, emit: AddNode): readonly Value[] {
  const [rows, width] = x.shape as [number, number];
  const shape = [PARTS, rows / PARTS, width];
  const [divided] = emit('Reshape', [x], { shape }, [{ shape, dtype: 'float32' }]);
  const parts = { shape: [PARTS, width], dtype: 'float32' } as const;
  const [sums] = emit('Sum', [divided], { axes: [1], keepDims: false }, [parts]);
  return emit('Sum', [sums], node.attributes, node.outputs);
}

function joined(graph: Graph): Graph {
  const found = graph.nodes.filter((node) => isColumnSum(node) && node.inputs[0]!.shape[0] === PARTS);
  // With gradient checkpointing, the layers below depend on a layer's gradients.
  const before = nodesBefore(graph, new Set(found));
  const sums = found.filter((node) => !before.has(node));
  if (sums.length < 2) return graph;
  const widths = sums.map(({ outputs }) => outputs[0]!.shape[0] as number);
  const width = widths.reduce((sum, size) => sum + size, 0);
  const whole = once((get, emit) => {
    const parts = sums.map(({ inputs }) => get(inputs[0]!));
    const [all] = emit('Concat', parts, { axis: 1 }, [{ shape: [PARTS, width], dtype: 'float32' }]);
    return emit('Sum', [all], { axes: [0], keepDims: false }, [{ shape: [width], dtype: 'float32' }]);
  });
  let end = 0;
  const replacements = sums.map((node, i): [Node, NodeReplacement] => {
    const attributes = { begin: [end], size: [widths[i]!] };
    end += widths[i]!;
    return [node, (get, emit) => emit('Slice', whole(get, emit), attributes, node.outputs)];
  });
  return replace(graph, new Map(replacements));
}
