import type { Graph, Node, Value } from '../graph/graph.js';
import { type AddNode, type NodeReplacement, once, replace, rewrite } from '../graph/rewrite.js';
import { nodesBefore } from './pattern.js';
import { isColumnSum } from './products.js';

/** The rows of a matrix are summed in so many parts first, for which a GPU has room beside each other. */
const PARTS = 64;

/**
 * The column sums of many matrices, such as the gradients of biases and of LayerNorm's weights: each is summed in parts along
 * with what computes it, and all parts are joined and summed at once. Two kernels in place of one for each.
 */
export function joinColumnSums(graph: Graph): Graph {
  return joined(
    rewrite(graph, (node, inputs, emit) => (hasParts(node) ? inParts(node, inputs, emit) : undefined)),
  );
}

const hasParts = (node: Node): boolean => {
  const [rows] = node.inputs[0]?.shape ?? [];
  return isColumnSum(node) && typeof rows === 'number' && rows >= 2 * PARTS && rows % PARTS === 0;
};

function inParts(node: Node, [x]: readonly Value[], emit: AddNode): readonly Value[] {
  const [rows, width] = x!.shape as [number, number];
  const shape = [PARTS, rows / PARTS, width];
  const [divided] = emit('Reshape', [x!], { shape }, [{ shape, dtype: 'float32' }]);
  const parts = { shape: [PARTS, width], dtype: 'float32' } as const;
  const [sums] = emit('Sum', [divided!], { axes: [1], keepDims: false }, [parts]);
  return emit('Sum', [sums!], node.attributes, node.outputs);
}

function joined(graph: Graph): Graph {
  const found = graph.nodes.filter((node) => isColumnSum(node) && node.inputs[0]!.shape[0] === PARTS);
  // Under gradient checkpointing a layer's gradients are computed before those of the layers below.
  const before = nodesBefore(graph, new Set(found));
  const sums = found.filter((node) => !before.has(node));
  if (sums.length < 2) return graph;
  const widths = sums.map(({ outputs }) => outputs[0]!.shape[0] as number);
  const width = widths.reduce((sum, size) => sum + size, 0);
  const whole = once((get, emit) => {
    const parts = sums.map(({ inputs: [x] }) => get(x!));
    const [all] = emit('Concat', parts, { axis: 1 }, [{ shape: [PARTS, width], dtype: 'float32' }]);
    return emit('Sum', [all!], { axes: [0], keepDims: false }, [{ shape: [width], dtype: 'float32' }]);
  });
  let end = 0;
  const replacements = sums.map((node, i): [Node, NodeReplacement] => {
    const attributes = { begin: [end], size: [widths[i]!] };
    end += widths[i]!;
    return [node, (get, emit) => emit('Slice', whole(get, emit), attributes, node.outputs)];
  });
  return replace(graph, new Map(replacements));
}
