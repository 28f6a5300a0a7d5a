import { type Dimension, isSymbolic, type Shape, sizeOf, staticShape } from '../../../graph/dimension.js';
import type { DType, TypedArray, Value } from '../../../graph/graph.js';
import { DATA_TYPE } from '../protobuf.js';
import type { Emitter } from './emitter.js';
import { dims, dtypeOf, type Lowering } from './lowering.js';

/** The number of elements of a shape, as int64 [1]. */
const count = (e: Emitter, shape: Shape): string =>
  shape.some(isSymbolic)
    ? e.op('ReduceProd', [e.shape(shape)], { keepdims: 1 })
    : e.ints([sizeOf(staticShape(shape))]);

/**
 * Rows of updates, summed by the places that indices name, in a tensor of a shape. An index outside fails the run.
 *
 * By ScatterElements, which on the CPU adds one element after another. ScatterND takes the indices as they are, but
 * adds from several threads without a lock and loses updates. See docs/determinism.md.
 *
 * @param indices int32 [rows]: places along the first axes of the shape, counted as one
 * @param updates rows of any shape
 * @param depth how many axes of the shape the places run through
 */
function addRows(e: Emitter, indices: string, updates: string, { shape, dtype }: Value, depth = 1): string {
  const width = count(e, shape.slice(depth));
  const table = e.op('Concat', [count(e, shape.slice(0, depth)), width], { axis: 0 });
  const rows = e.op('Concat', [e.op('Shape', [indices]), width], { axis: 0 });
  const sums = e.op(
    'ScatterElements',
    [
      e.op('Expand', [e.scalar(0, dtype), table]),
      e.op('Expand', [e.op('Unsqueeze', [indices, e.ints([1])]), rows]),
      e.op('Reshape', [updates, rows], { allowzero: 1 }),
    ],
    { axis: 0, reduction: 'add' },
  );
  return e.op('Reshape', [sums, e.shape(shape)], { allowzero: 1 });
}

/** Indices [rows, axes] of elements of a shape, as places [rows]; where a part is outside, so is the place. */
function placesOf(e: Emitter, indices: string, shape: Shape): string {
  const int32 = (x: string) => e.op('Cast', [x], { to: DATA_TYPE.int32 });
  const lastAxis = e.ints([1]);
  const strides = shape.map((_, axis) => count(e, shape.slice(axis + 1)));
  const parts = e.op('Mul', [indices, int32(e.op('Concat', strides, { axis: 0 }))]);
  const notBelow = e.op('GreaterOrEqual', [indices, e.scalar(0, 'int32')]);
  const inside = int32(e.op('And', [notBelow, e.op('Less', [indices, int32(e.shape(shape))])]));
  return e.op('Where', [
    e.op('Cast', [e.op('ReduceMin', [inside, lastAxis], { keepdims: 0 })], { to: DATA_TYPE.bool }),
    e.op('ReduceSum', [parts, lastAxis], { keepdims: 0 }),
    e.scalar(2 ** 31 - 1, 'int32'),
  ]);
}

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
  ScatterNd: (e, [indices, updates], { inputs, outputs }) => {
    const [output] = outputs as [Value];
    const { shape } = inputs[0]!;
    // One-dimensional indices are indices of rows.
    const depth = shape.length === 1 ? 1 : (shape.at(-1) as number);
    const list = e.op('Reshape', [indices!, e.ints([-1, depth])]);
    return addRows(e, placesOf(e, list, output.shape.slice(0, depth)), updates!, output, depth);
  },
  UnsortedSegmentSum: (e, [x, ids], { inputs, outputs }) => {
    const [output] = outputs as [Value];
    const [rank, idRank] = [inputs[0]!.shape.length, inputs[1]!.shape.length];
    // tfjs leaves out the rows of negative ids; ONNX would count those from the end.
    const negative = e.op('Less', [ids!, e.scalar(0, 'int32')]);
    const share = e.op('Cast', [e.op('Not', [negative])], { to: DATA_TYPE[output.dtype] });
    const axes = Array.from({ length: rank - idRank }, (_, i) => idRank + i);
    // A product, since WebGPU cannot transpose the booleans of a Where when the runtime moves a transpose past it.
    const kept = e.op('Mul', [x!, axes.length > 0 ? e.op('Unsqueeze', [share, e.ints(axes)]) : share]);
    const rows = e.op('Where', [negative, e.scalar(0, 'int32'), ids!]);
    return addRows(e, e.op('Reshape', [rows, e.ints([-1])]), kept, output);
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
