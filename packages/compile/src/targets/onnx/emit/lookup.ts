import { type Dimension, isSymbolic } from '../../../graph/dimension.js';
import type { DType, TypedArray } from '../../../graph/graph.js';
import { dimensions, type EmitTable, number, outputType } from '../../emit.js';
import { DATA_TYPE } from '../protobuf.js';
import type { ModelBuilder } from './builder.js';
import { addRows, sums } from './sums.js';

const fill = (
  to: ModelBuilder,
  shape: readonly Dimension[],
  value: number | Dimension,
  dtype: DType,
): string => {
  const scalar = isSymbolic(value)
    ? to.op('Cast', [to.op('Reshape', [to.size(value), to.ints([])])], { to: DATA_TYPE[dtype] })
    : to.scalar(value, dtype);
  return shape.length === 0 ? scalar : to.op('Expand', [scalar, to.shape(shape)]);
};

/** Operations that select, place or generate elements. */
export const lookup: EmitTable<ModelBuilder> = {
  GatherV2: (to, node, ...x) => to.op('Gather', x, { axis: number(node, 'axis') }),
  GatherNd: (to, _, x, indices) => to.op('GatherND', [x, to.op('Cast', [indices], { to: DATA_TYPE.int64 })]),
  ...sums(addRows),
  OneHot: (to, node, indices) => {
    const { depth, onValue, offValue } = node.attributes;
    const values = to.constant([offValue as number, onValue as number], 'float32', [2]);
    const isScalar = node.inputs[0]!.shape.length === 0;
    const listed = isScalar ? to.op('Unsqueeze', [indices, to.ints([0])]) : indices;
    const wide = to.op('Cast', [listed], { to: DATA_TYPE.int64 });
    // ONNX counts negative indices from the end; in tfjs, they give a row of off values.
    const inside = to.op('Where', [
      to.op('Less', [wide, to.constant([0], 'int64', [])]),
      to.op('Reshape', [to.size(depth as Dimension), to.ints([])]),
      wide,
    ]);
    const rows = to.op('OneHot', [inside, to.size(depth as Dimension), values], { axis: -1 });
    const floats = isScalar ? to.op('Squeeze', [rows, to.ints([0])]) : rows;
    return outputType(node) === 'float32'
      ? floats
      : to.op('Cast', [floats], { to: DATA_TYPE[outputType(node)] });
  },
  TopK: (to, node, x) => {
    const k = to.size(node.attributes.k as Dimension);
    const [values, indices] = to.ops('TopK', [x, k], { axis: -1 }, 2) as [string, string];
    return [values, to.op('Cast', [indices], { to: DATA_TYPE.int32 })];
  },
  Fill: (to, node) =>
    fill(to, dimensions(node, 'shape'), node.attributes.value as Dimension, outputType(node)),
  Const: (to, node) =>
    to.constant(node.attributes.value as TypedArray, outputType(node), node.outputs[0]!.shape as number[]),
  Range: (to, node) => {
    const end = to.op('Reshape', [to.size(node.attributes.length as Dimension), to.ints([])]);
    const zero = to.constant([0], 'int64', []);
    const counted = to.op('Range', [zero, end, to.constant([1], 'int64', [])]);
    const numbers = to.op('Cast', [counted], { to: DATA_TYPE[outputType(node)] });
    const scaled = to.op('Mul', [numbers, to.scalar(number(node, 'step'), outputType(node))]);
    return to.op('Add', [scaled, to.scalar(number(node, 'start'), outputType(node))]);
  },
};
