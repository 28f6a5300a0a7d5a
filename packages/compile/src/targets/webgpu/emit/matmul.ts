import type { EmitTable } from '../../emit.js';
import type { ModelBuilder } from '../../onnx/emit/builder.js';

/** Separate transposes or Gemm instead of FusedMatMul, which would fall back to the CPU. */
export const matmul: EmitTable<ModelBuilder> = {
  BatchMatMul: (to, { attributes, inputs }, a, b) => {
    const { transposeA, transposeB } = attributes;
    const ranks = inputs.map(({ shape }) => shape.length) as [number, number];
    if (ranks.every((rank) => rank === 2) && (transposeA || transposeB)) {
      return to.op('Gemm', [a, b], { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
    }
    const left = transposeA ? swapLast(to, a, ranks[0]) : a;
    return to.op('MatMul', [left, transposeB ? swapLast(to, b, ranks[1]) : b]);
  },
};

function swapLast(to: ModelBuilder, x: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  return to.op('Transpose', [x], { perm: [...perm.slice(0, -2), rank - 1, rank - 2] });
}
