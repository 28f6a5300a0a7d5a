import { LAYER_NORMALIZATION } from '../../../passes/layer-norm.js';
import { SCALED_MATMUL } from '../../../passes/matmul.js';
import { type EmitTable, number } from '../../emit.js';
import type { ModelBuilder } from './builder.js';

/** Matrix products, and the operations that passes fuse. */
export const matmul: EmitTable<ModelBuilder> = {
  BatchMatMul: (to, node, ...x) => {
    const { transposeA, transposeB } = node.attributes;
    if (!transposeA && !transposeB) return to.op('MatMul', x);
    if (node.inputs.every(({ shape }) => shape.length === 2)) {
      return to.op('Gemm', x, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
    }
    return to.op(
      'FusedMatMul',
      x,
      { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 },
      'com.microsoft',
    );
  },

  [SCALED_MATMUL]: (to, node, ...x) => {
    const { transposeA, transposeB, alpha, beta } = node.attributes;
    const common = {
      transA: transposeA ? 1 : 0,
      transB: transposeB ? 1 : 0,
      alpha: { float: alpha as number },
    };
    if (node.inputs.slice(0, 2).every(({ shape }) => shape.length === 2)) {
      return to.op('Gemm', x, { ...common, beta: { float: beta as number } });
    }
    return to.op('FusedMatMul', x, common, 'com.microsoft');
  },
  [LAYER_NORMALIZATION]: (to, node, ...x) =>
    to.ops(
      'LayerNormalization',
      x,
      { axis: -1, epsilon: { float: number(node, 'epsilon') } },
      node.outputs.length,
    ),
};
