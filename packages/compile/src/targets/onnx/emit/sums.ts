import { elementCount } from '@mlm/base/shape';
import { isSymbolic, type Shape, staticShape } from '../../../graph/dimension.js';
import type { Value } from '../../../graph/graph.js';
import type { EmitTable } from '../../emit.js';
import { DATA_TYPE } from '../protobuf.js';
import type { ModelBuilder } from './builder.js';

/**
 * Adds rows up by place: a table [places, width] of zeros, and in it the sums. A place outside fails the run.
 *
 * @param places int32 [rows], not negative
 * @param updates [rows, width]
 * @param table its shape as int64 [2], its dtype, and the sizes of which `rows` is the product
 */
export type AddRows = (
  to: ModelBuilder,
  places: string,
  updates: string,
  table: { readonly shape: string; readonly dtype: Value['dtype']; readonly rows: Shape },
) => string;

/**
 * By ScatterElements, which is given a place for every element. Its threads divide columns, if anything, so every sum is
 * complete and in the order of the rows. ScatterND would take the places as they are, but its threads divide rows, add
 * without a lock and lose updates. See docs/determinism.md.
 */
export const addRows: AddRows = (to, places, updates, { shape, dtype }) => {
  const column = to.op('Unsqueeze', [places, to.ints([1])]);
  const spread = to.op('Expand', [column, to.op('Shape', [updates])]);
  const zeros = to.op('Expand', [to.scalar(0, dtype), shape]);
  return to.op('ScatterElements', [zeros, spread, updates], { axis: 0, reduction: 'add' });
};

/** The operations that sum over duplicates, gradients of tf.gather among them, by one way to add rows. */
export const sums = (add: AddRows): EmitTable<ModelBuilder> => ({
  ScatterNd: (to, { inputs, outputs }, indices, updates) => {
    const [output] = outputs as [Value];
    const { shape } = inputs[0]!;
    // One-dimensional indices are indices of rows.
    const depth = shape.length === 1 ? 1 : (shape.at(-1) as number);
    const list = to.op('Reshape', [indices, to.ints([-1, depth])]);
    const places = placesOf(to, list, output.shape.slice(0, depth));
    return sumInto(to, add, places, updates, output, depth, shape.length === 1 ? shape : shape.slice(0, -1));
  },
  UnsortedSegmentSum: (to, { inputs, outputs }, x, ids) => {
    const [output] = outputs as [Value];
    const [rank, idRank] = [inputs[0]!.shape.length, inputs[1]!.shape.length];
    // tfjs leaves out the rows of negative ids; ONNX would count those from the end.
    const negative = to.op('Less', [ids, to.scalar(0, 'int32')]);
    const share = to.op('Cast', [to.op('Not', [negative])], { to: DATA_TYPE[output.dtype] });
    const axes = Array.from({ length: rank - idRank }, (_, i) => idRank + i);
    // A product, since WebGPU cannot transpose the booleans of a Where when the runtime moves a transpose past it.
    const kept = to.op('Mul', [x, axes.length > 0 ? to.op('Unsqueeze', [share, to.ints(axes)]) : share]);
    const places = to.op('Where', [negative, to.scalar(0, 'int32'), ids]);
    const list = to.op('Reshape', [places, to.ints([-1])]);
    return sumInto(to, add, list, kept, output, 1, inputs[1]!.shape);
  },
});

/** Adds rows of any shape into a tensor of any shape, of which the places run through the first `depth` axes as one. */
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

/** Indices [rows, axes] of elements of a shape, as places [rows]; where a part is outside, so is the place. */
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
