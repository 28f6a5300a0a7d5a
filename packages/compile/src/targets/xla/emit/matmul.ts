import { elementCount } from '@mlm/base/shape';
import { mapTuple } from '@mlm/base/tuple';
import type { EmitTable } from '../../emit.js';
import type { Builder } from './builder.js';
import { sumsOverRows } from './kept.js';
import { type HloValue, shapeOf } from './types.js';

/** Matrix products like tfjs's BatchMatMul: batch axes are broadcast, and each operand may be transposed. */
export const matmul: EmitTable<Builder, HloValue> = {
  BatchMatMul: (to, node, a, b) => {
    const transposed = {
      a: node.attributes.transposeA === true,
      b: node.attributes.transposeB === true,
    };
    const shape = shapeOf(node);
    // A single second matrix: flatten the batch into one long matrix.
    if (a.shape.length > 2 && b.shape.length === 2 && !transposed.a) {
      const rows = to.reshape(a, [elementCount(a.shape.slice(0, -1)), a.shape.at(-1)!]);
      return to.reshape(product(to, rows, b, transposed), shape);
    }
    const batch = shape.slice(0, -2);
    const [left, right] = mapTuple([a, b], (side) => to.broadcast(side, [...batch, ...side.shape.slice(-2)]));
    return product(to, left, right, transposed, sumsOverRows(node));
  },
};

/**
 * The product of two stacks of matrices with equal batch axes.
 *
 * In bf16, operands and result are bfloat16 and sums are float32, as in PyTorch's autocast. The gradient of a weight,
 * which sums over all rows of the batch, stays float32.
 */
function product(
  to: Builder,
  a: HloValue,
  b: HloValue,
  transposed: { a: boolean; b: boolean },
  overRows = false,
): HloValue {
  const rank = a.shape.length;
  const { precision = 'fp32' } = to.options;
  const half = precision === 'bf16';
  const [left, right] = mapTuple([a, b], (side) => to.cast(side, half ? 'bfloat16' : 'float32'));
  const found = to.dot(left, right, {
    batch: rank - 2,
    over: [transposed.a ? rank - 2 : rank - 1, transposed.b ? rank - 1 : rank - 2],
    dtype: half && !overRows ? 'bfloat16' : 'float32',
    exactness: precision === 'fp32' ? 'HIGHEST' : 'DEFAULT',
  });
  return to.cast(found, 'float32');
}
