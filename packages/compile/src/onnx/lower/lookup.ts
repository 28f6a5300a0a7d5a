import { type Dimension, isSymbolic } from '../../graph/dimension.js';
import type { DType, TypedArray } from '../../graph/graph.js';
import type { Emitter } from '../emitter.js';
import { DATA_TYPE } from '../protobuf.js';
import { dims, dtypeOf, type Lowering } from './lowering.js';

/** Adds rows into zeros, at the places that the last axis of `indices` names. */
const scatterAdd = (
  e: Emitter,
  shape: readonly Dimension[],
  indices: string,
  updates: string,
  dtype: DType,
) => {
  const zeros = e.op('Expand', [e.scalar(0, dtype), e.shape(shape)]);
  return e.op('ScatterND', [zeros, e.op('Cast', [indices], { to: DATA_TYPE.int64 }), updates], {
    reduction: 'add',
  });
};

const fill = (e: Emitter, shape: readonly Dimension[], value: number | Dimension, dtype: DType): string => {
  const scalar = isSymbolic(value)
    ? e.op('Cast', [e.op('Reshape', [e.size(value), e.ints([])])], { to: DATA_TYPE[dtype] })
    : e.scalar(value, dtype);
  return shape.length === 0 ? scalar : e.op('Expand', [scalar, e.shape(shape)]);
};

/** Operations that pick, place or make elements. */
export const lookup: Readonly<Record<string, Lowering>> = {
  GatherV2: (e, x, { attributes }) => e.op('Gather', x, { axis: attributes.axis as number }),
  GatherNd: (e, [x, indices]) => e.op('GatherND', [x!, e.op('Cast', [indices!], { to: DATA_TYPE.int64 })]),
  ScatterNd: (e, [indices, updates], node) => {
    // One-dimensional indices are indices of rows.
    const isList = node.inputs[0]!.shape.length === 1;
    const places = isList ? e.op('Unsqueeze', [indices!, e.ints([1])]) : indices!;
    return scatterAdd(e, dims(node.attributes, 'shape'), places, updates!, dtypeOf(node));
  },
  UnsortedSegmentSum: (e, [x, ids], { inputs, outputs }) => {
    const [rank, idRank] = [inputs[0]!.shape.length, inputs[1]!.shape.length];
    // tfjs leaves out the rows of negative ids; ONNX would count those from the end.
    const dtype = outputs[0]!.dtype;
    const negative = e.op('Less', [ids!, e.scalar(0, 'int32')]);
    const share = e.op('Cast', [e.op('Not', [negative])], { to: DATA_TYPE[dtype] });
    const axes = Array.from({ length: rank - idRank }, (_, i) => idRank + i);
    // A product, since WebGPU cannot transpose the booleans of a Where when the runtime moves a transpose past it.
    const kept = e.op('Mul', [x!, axes.length > 0 ? e.op('Unsqueeze', [share, e.ints(axes)]) : share]);
    const rows = e.op('Unsqueeze', [e.op('Where', [negative, e.scalar(0, 'int32'), ids!]), e.ints([idRank])]);
    return scatterAdd(e, outputs[0]!.shape, rows, kept, dtype);
  },
  OneHot: (e, [indices], node) => {
    const { depth, onValue, offValue } = node.attributes;
    const values = e.constant([offValue as number, onValue as number], 'float32', [2]);
    const isScalar = node.inputs[0]!.shape.length === 0;
    const listed = isScalar ? e.op('Unsqueeze', [indices!, e.ints([0])]) : indices!;
    const wide = e.op('Cast', [listed], { to: DATA_TYPE.int64 });
    // ONNX counts negative indices from the end; tfjs writes a row of off values.
    const inside = e.op('Where', [
      e.op('Less', [wide, e.constant([0], 'int64', [])]),
      e.op('Reshape', [e.size(depth as Dimension), e.ints([])]),
      wide,
    ]);
    const rows = e.op('OneHot', [inside, e.size(depth as Dimension), values], { axis: -1 });
    const floats = isScalar ? e.op('Squeeze', [rows, e.ints([0])]) : rows;
    return dtypeOf(node) === 'float32' ? floats : e.op('Cast', [floats], { to: DATA_TYPE[dtypeOf(node)] });
  },
  TopK: (e, [x], { attributes }) => {
    const [values, indices] = e.ops('TopK', [x!, e.size(attributes.k as Dimension)], { axis: -1 }, 2);
    return [values!, e.op('Cast', [indices!], { to: DATA_TYPE.int32 })];
  },
  Fill: (e, _, node) =>
    fill(e, dims(node.attributes, 'shape'), node.attributes.value as Dimension, dtypeOf(node)),
  Const: (e, _, { attributes, outputs }) =>
    e.constant(attributes.value as TypedArray, outputs[0]!.dtype, outputs[0]!.shape as number[]),
  Range: (e, _, node) => {
    const { start, step, length } = node.attributes as Record<string, Dimension>;
    const length0 = e.op('Reshape', [e.size(length!), e.ints([])]);
    const zero = e.constant([0], 'int64', []);
    const counted = e.op('Range', [zero, length0, e.constant([1], 'int64', [])]);
    const numbers = e.op('Cast', [counted], { to: DATA_TYPE[dtypeOf(node)] });
    const scaled = e.op('Mul', [numbers, e.scalar(step as number, dtypeOf(node))]);
    return e.op('Add', [scaled, e.scalar(start as number, dtypeOf(node))]);
  },
};
