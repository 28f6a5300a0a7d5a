import type { DType } from '../../graph/graph.js';
import { axesOf, frontAxis, type KernelRule, rule, sizes } from './rule.js';

const reduced = (dtype?: DType): KernelRule =>
  rule(['x'], ([x], { axis, reductionIndices, keepDims }) => {
    // In tfjs, the axis of Max has another name.
    const axes = axesOf(axis ?? reductionIndices, x);
    const shape = sizes(x).map((size, i) => (axes.includes(i) ? 1 : size));
    return {
      attributes: { axes, keepDims: keepDims === true },
      outputs: [
        {
          shape: keepDims === true ? shape : shape.filter((_, i) => !axes.includes(i)),
          dtype: dtype ?? x.dtype,
        },
      ],
    };
  });

const argument: KernelRule = rule(['x'], ([x], { axis }) => {
  const at = axesOf(axis, x)[0]!;
  return {
    attributes: { axis: at },
    outputs: [{ shape: sizes(x).filter((_, i) => i !== at), dtype: 'int32' }],
  };
});

const softmax: KernelRule = rule(['logits'], ([logits]) => ({
  attributes: { axis: logits.shape.length - 1 },
  outputs: [{ shape: logits.shape, dtype: 'float32' }],
}));

/** Kernels that work along axes. Reductions have the attributes `axes`, counted from the front, and `keepDims`. */
export const reduction: Record<string, KernelRule> = {
  Sum: reduced(),
  Mean: reduced('float32'),
  Max: reduced(),
  Min: reduced(),
  Prod: reduced(),
  All: reduced('bool'),
  Any: reduced('bool'),
  ArgMax: argument,
  ArgMin: argument,
  Softmax: softmax,
  LogSoftmax: softmax,
  Cumsum: rule(['x'], ([x], { axis, exclusive, reverse }) => ({
    attributes: {
      axis: frontAxis(axis ?? 0, x.shape.length),
      exclusive: exclusive === true,
      reverse: reverse === true,
    },
    outputs: [x],
  })),
};
