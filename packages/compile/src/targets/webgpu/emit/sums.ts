import { elementCount } from '@mlm/base/shape';
import { isSymbolic } from '../../../graph/dimension.js';
import type { AddRows } from '../../onnx/emit/sums.js';
import { DATA_TYPE } from '../../onnx/protobuf.js';

/** Enough doublings for any number of rows, if it is known only at run time. */
const MOST_DOUBLINGS = 24;

/**
 * Sums rows by place in a fixed order: the rows are sorted by place; each row adds the row 1, 2, 4, … rows before it,
 * if it has the same place; the last row of each place is then the sum. WebGPU's scatter operations use atomic
 * additions, whose order differs from run to run. Only the sorting of the places runs on the CPU.
 */
export const addRowsInOrder: AddRows = (to, places, updates, { shape, dtype, rows }) => {
  const int32 = (x: string) => to.op('Cast', [x], { to: DATA_TYPE.int32 });
  const count = to.op('Shape', [places]);
  const [sorted, order] = to.ops('TopK', [places, count], { axis: 0, largest: 0, sorted: 1 }, 2) as [
    string,
    string,
  ];
  const index = int32(
    to.op('Range', [
      to.constant([0], 'int64', []),
      to.op('Reshape', [count, to.ints([])]),
      to.constant([1], 'int64', []),
    ]),
  );
  let sums = to.op('Gather', [updates, int32(order)], { axis: 0 });
  for (let reach = 1, left = doublings(rows); left > 0; reach *= 2, left--) {
    const before = to.op('Max', [to.op('Sub', [index, to.scalar(reach, 'int32')]), to.scalar(0, 'int32')]);
    const isSame = to.op('Equal', [to.op('Gather', [sorted, before], { axis: 0 }), sorted]);
    // The first rows have no row that far before them.
    const isThere = to.op('GreaterOrEqual', [index, to.scalar(reach, 'int32')]);
    const share = to.op('Cast', [to.op('And', [isSame, isThere])], { to: DATA_TYPE[dtype] });
    const taken = to.op('Gather', [sums, before], { axis: 0 });
    sums = to.op('Add', [sums, to.op('Mul', [taken, to.op('Unsqueeze', [share, to.ints([1])])])]);
  }
  // An additional row of zeros, for places without rows.
  const size = to.op('Slice', [shape, to.ints([0]), to.ints([1])]);
  const width = to.op('Slice', [shape, to.ints([1]), to.ints([2])]);
  const zeroRow = to.op('Expand', [to.scalar(0, dtype), to.op('Concat', [to.ints([1]), width], { axis: 0 })]);
  const none = to.op('Expand', [to.scalar(-1, 'int32'), size]);
  // The maximum of integers does not depend on the order.
  const last = to.op('ScatterElements', [none, sorted, index], { axis: 0, reduction: 'max' });
  const isEmpty = to.op('Less', [last, to.scalar(0, 'int32')]);
  const zeroIndex = int32(to.op('Reshape', [count, to.ints([])]));
  const source = to.op('Where', [isEmpty, zeroIndex, last]);
  return to.op('Gather', [to.op('Concat', [sums, zeroRow], { axis: 0 }), source], { axis: 0 });
};

function doublings(rows: Parameters<AddRows>[3]['rows']): number {
  if (rows.some(isSymbolic)) return MOST_DOUBLINGS;
  const count = elementCount(rows as readonly number[]);
  return Math.ceil(Math.log2(Math.max(1, count)));
}
