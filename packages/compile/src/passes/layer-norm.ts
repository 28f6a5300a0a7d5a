import { sameShape } from '../graph/dimension.js';
import type { Graph, Node, Value } from '../graph/graph.js';
import { type AddNode, rewrite } from '../graph/rewrite.js';
import { operands, other, shifted } from './pattern.js';

/** Normalization of the last axis, times a scale row, plus a bias row. Inputs: x, scale, bias. */
export const LAYER_NORMALIZATION = 'LayerNormalization';

/**
 * Replaces `(x − mean) · rsqrt(variance + ε)` over the last axis, with or without a scale and a bias, by one operation:
 * two passes over memory instead of seven (Ba et al. 2016, arXiv:1607.06450). Its third output is the inverse
 * deviation, which gradients read.
 */
export function fuseLayerNorm(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, emit) => {
    if (node.op === 'Rsqrt') {
      const found = matchDeviation(inputs[0]!);
      return found && [normalize(found, node.outputs[0]!, emit)[2]!];
    }
    if (node.op === 'Multiply') {
      const normalization = matchNormalized(inputs);
      return normalization && [normalization.outputs[0]!];
    }
    const affine = node.op === 'Add' ? matchAffine(inputs) : undefined;
    if (!affine) return undefined;
    const { x, scale, bias, epsilon } = affine;
    return emit(LAYER_NORMALIZATION, [x, scale, bias], { epsilon }, [node.outputs[0]!]);
  });
}

interface Deviation {
  readonly x: Value;
  readonly epsilon: number;
}

function normalize({ x, epsilon }: Deviation, deviation: Value, emit: AddNode): readonly Value[] {
  const width = x.shape.at(-1)!;
  const row = (value: number) =>
    emit('Fill', [], { shape: [width as number], value }, [{ shape: [width], dtype: 'float32' }])[0];
  return emit(LAYER_NORMALIZATION, [x, row(1), row(0)], { epsilon }, [x, deviation, deviation]);
}

/** x and ε of a value that is the variance of x along the last axis, plus ε. */
function matchDeviation(value: Value): Deviation | undefined {
  const variance = shifted(value);
  const centered = operands(lastAxisMean(variance?.x), 'Square')?.[0];
  const x = centeredValue(centered);
  return variance && x?.dtype === 'float32' ? { x, epsilon: variance.term } : undefined;
}

/** x, if the value is x minus its mean along the last axis. */
function centeredValue(value: Value | undefined): Value | undefined {
  const [x, mean] = operands(value, 'Sub') ?? [];
  return x && lastAxisMean(mean) === x ? x : undefined;
}

/** The normalization whose first output equals centered · deviation. */
function matchNormalized(inputs: readonly Value[]): Node | undefined {
  const deviation = inputs.find(({ node }) => node?.op === LAYER_NORMALIZATION);
  const centered = other(inputs, (value) => value === deviation);
  const node = deviation?.node;
  if (!node || deviation !== node.outputs[2]) return undefined;
  return centeredValue(centered) === node.inputs[0] ? node : undefined;
}

/** x, if the value is the mean of x along the last axis, which is kept. */
function lastAxisMean(value: Value | undefined): Value | undefined {
  const x = operands(value, 'Mean')?.[0];
  const { axes, keepDims } = value?.node?.attributes ?? {};
  const last =
    x && (axes as readonly number[]).length === 1 && (axes as readonly number[])[0] === x.shape.length - 1;
  return last && keepDims ? x : undefined;
}

/** The parts of normalized · scale + bias, in which the plain normalization has already been replaced. */
function matchAffine(inputs: readonly Value[]) {
  const product = inputs.find((value) => value.node?.op === 'Multiply');
  const bias = other(inputs, (value) => value === product);
  const normalized = operands(product, 'Multiply')?.find(
    (value) => value.node?.op === LAYER_NORMALIZATION && value === value.node.outputs[0],
  );
  const scale = other(operands(product, 'Multiply'), (value) => value === normalized);
  const node = normalized?.node;
  if (!node || !scale || !bias) return undefined;
  const row = normalized.shape.slice(-1);
  if (!sameShape(scale.shape, row) || !sameShape(bias.shape, row)) return undefined;
  return { x: node.inputs[0]!, scale, bias, epsilon: node.attributes.epsilon as number };
}

/**
 * The number of normalizations that a rewritten graph still computes step by step, dividing by the root of a mean of
 * squares.
 */
export const looseNormalizations = ({ nodes }: Graph): number =>
  nodes.filter(({ op, inputs }) => {
    const mean = op === 'Rsqrt' || op === 'Sqrt' ? shifted(inputs[0])?.x : undefined;
    return operands(operands(mean, 'Mean')?.[0], 'Square') !== undefined;
  }).length;
