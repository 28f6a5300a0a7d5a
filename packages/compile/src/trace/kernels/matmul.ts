import { backend_util, util } from '@tensorflow/tfjs-core';
import { type KernelRule, rule, sizes } from './rule.js';

/** Matrix products. */
export const matmul: Record<string, KernelRule> = {
  BatchMatMul: rule(['a', 'b'], ([a, b], { transposeA, transposeB }) => {
    const [left, right] = [sizes(a), sizes(b)];
    const depths = [left.at(transposeA === true ? -2 : -1), right.at(transposeB === true ? -1 : -2)];
    util.assert(
      left.length >= 2 && right.length >= 2 && depths[0] === depths[1],
      () => `the shapes [${left}] and [${right}] have no matrix product`,
    );
    const batch = backend_util.assertAndGetBroadcastShape(left.slice(0, -2), right.slice(0, -2));
    const rows = left.at(transposeA === true ? -1 : -2)!;
    const columns = right.at(transposeB === true ? -2 : -1)!;
    return {
      attributes: { transposeA: transposeA === true, transposeB: transposeB === true },
      outputs: [{ shape: [...batch, rows, columns], dtype: 'float32' }],
    };
  }),
};
