import { elementCount } from '@mlm/base/shape';
import { isSymbolic, type Shape, staticShape } from '../../../graph/dimension.js';
import type { Value } from '../../../graph/graph.js';
import type { EmitTable } from '../../emit.js';
import { DATA_TYPE } from '../protobuf.js';
import type { ModelBuilder } from './builder.js';

/**
 * Sums rows by place into a table [places, width] of zeros. A place beyond the table fails the run.
 *
 * @param places int32 [rows], not negative
 * @param updates [rows, width]
 * @param table the table's shape as int64 [2], its dtype, and the sizes whose product is the number of rows
 */
export type AddRows = (
  to: ModelBuilder,
  places: string,
  updates: string,
  table: { readonly shape: string; readonly dtype: Value['dtype']; readonly rows: Shape },
) => string;

/**
 * Uses ScatterElements, with a place for every element: its threads divide at most the columns, so that every sum is
 * complete and in row order. ScatterND could use the places as they are, but its threads divide the rows, add without a
 * lock and lose updates. See docs/determinism.md.
 */
export const addRows: AddRows = (to, places, updates, { shape, dtype }) => {
  const column = to.op('Unsqueeze', [places, to.ints([1])]);
  const spread = to.op('Expand', [column, to.op('Shape', [updates])]);
  const zeros = to.op('Expand', [to.scalar(0, dtype), shape]);
  return to.op('ScatterElements', [zeros, spread, updates], { axis: 0, reduction: 'add' });
};

/** The operations that sum over duplicate indices, such as the gradient of tf.gather, for a given way to add rows. */
export const sums = (add: AddRows): EmitTable<ModelBuilder> => ({
  ScatterNd: (to, { inputs, outputs }, indices, updates) => {
    const [output] = outputs as [Value];
    const { shape } = inputs[0]!;
    // One-dimensional indices select rows.
    const depth = shape.length === 1 ? 1 : (shape.at(-1) as number);
    const list = to.op('Reshape', [indices, to.ints([-1, depth])]);
    const places = placesOf(to, list, output.shape.slice(0, depth));
    return sumInto(to, add, places, updates, output, depth, shape.length === 1 ? shape : shape.slice(0, -1));
  },
  UnsortedSegmentSum: (to, { inputs, outputs }, x, ids) => {
    const [output] = outputs as [Value];
    const [rank, idRank] = [inputs[0]!.shape.length, inputs[1]!.shape.length];
    // tfjs ignores rows with negative ids; ONNX would count them from the end.
    const negative = to.op('Less', [ids, to.scalar(0, 'int32')]);
    const share = to.op('Cast', [to.op('Not', [negative])], { to: DATA_TYPE[output.dtype] });
    const axes = Array.from({ length: rank - idRank }, (_, i) => idRank + i);
    // A product rather than Where, whose booleans WebGPU cannot transpose if the runtime moves a transpose past it.
    const kept = to.op('Mul', [x, axes.length > 0 ? to.op('Unsqueeze', [share, to.ints(axes)]) : share]);
    const places = to.op('Where', [negative, to.scalar(0, 'int32'), ids]);
    const list = to.op('Reshape', [places, to.ints([-1])]);
    return sumInto(to, add, list, kept, output, 1, inputs[1]!.shape);
  },
});

/** Adds rows into a tensor of any shape, whose first `depth` axes the places index as one. */
function sumInto(
  to: ModelBuilder,
  add: AddRows,
  places: string,
  updates: string,
  { shape, dtype }: Value,
  depth: number,
  rows: Shape,
): string {
  const width = count(to, shape.slice(depth));
  const table = to.op('Concat', [count(to, shape.slice(0, depth)), width], { axis: 0 });
  const flat = to.op('Concat', [count(to, rows), width], { axis: 0 });
  const list = to.op('Reshape', [updates, flat], { allowzero: 1 });
  const sums = add(to, places, list, { shape: table, dtype, rows });
  return to.op('Reshape', [sums, to.shape(shape)], { allowzero: 1 });
}

/** Converts indices [rows, axes] into a shape to places [rows]. An index out of bounds gives a place out of bounds. */
function placesOf(to: ModelBuilder, indices: string, shape: Shape): string {
  const int32 = (x: string) => to.op('Cast', [x], { to: DATA_TYPE.int32 });
  const lastAxis = to.ints([1]);
  const strides = shape.map((_, axis) => count(to, shape.slice(axis + 1)));
  const parts = to.op('Mul', [indices, int32(to.op('Concat', strides, { axis: 0 }))]);
  const notBelow = to.op('GreaterOrEqual', [indices, to.scalar(0, 'int32')]);
  const inside = int32(to.op('And', [notBelow, to.op('Less', [indices, int32(to.shape(shape))])]));
  return to.op('Where', [
    to.op('Cast', [to.op('ReduceMin', [inside, lastAxis], { keepdims: 0 })], { to: DATA_TYPE.bool }),
    to.op('ReduceSum', [parts, lastAxis], { keepdims: 0 }),
    to.scalar(2 ** 31 - 1, 'int32'),
  ]);
}

/** The number of elements of a shape, as int64 [1]. */
const count = (to: ModelBuilder, shape: Shape): string =>
  shape.some(isSymbolic)
    ? to.op('ReduceProd', [to.shape(shape)], { keepdims: 1 })
    : to.ints([elementCount(staticShape(shape))]);
