import { LAYER_NORMALIZATION } from '../../../passes/layer-norm.js';
import { SCALED_MATMUL } from '../../../passes/matmul.js';
import type { Lowering } from './lowering.js';

/** Matrix products, and what simplification fuses. */
export const matmul: Readonly<Record<string, Lowering>> = {
  BatchMatMul: (e, x, { attributes, inputs }) => {
    const { transposeA, transposeB } = attributes;
    if (!transposeA && !transposeB) return e.op('MatMul', x);
    if (inputs.every(({ shape }) => shape.length === 2)) {
      return e.op('Gemm', x, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
    }
    return e.op(
      'FusedMatMul',
      x,
      { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 },
      'com.microsoft',
    );
  },

  [SCALED_MATMUL]: (e, x, { attributes, inputs }) => {
    const { transposeA, transposeB, alpha, beta } = attributes;
    const common = {
      transA: transposeA ? 1 : 0,
      transB: transposeB ? 1 : 0,
      alpha: { float: alpha as number },
    };
    if (inputs.slice(0, 2).every(({ shape }) => shape.length === 2)) {
      return e.op('Gemm', x, { ...common, beta: { float: beta as number } });
    }
    return e.op('FusedMatMul', x, common, 'com.microsoft');
  },
  [LAYER_NORMALIZATION]: (e, x, { attributes, outputs }) =>
    e.ops(
      'LayerNormalization',
      x,
      { axis: -1, epsilon: { float: attributes.epsilon as number } },
      outputs.length,
    ),
};
