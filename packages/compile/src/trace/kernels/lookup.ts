import { gather_util, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import type { DType, OutputSpec, Value } from '../../graph/graph.js';
import { frontAxis, type KernelRule, numbers, rule, sizes } from './rule.js';

/** A constant tensor of equal elements. */
const fill = (value: number, { shape, dtype }: OutputSpec) => ({
  op: 'Fill',
  inputs: [],
  attributes: { shape: shape as number[], value },
  outputs: [{ shape, dtype }],
});

/** The part of a tensor that tfjs's checks read. */
const tensorOf = ({ shape, dtype }: Value) => ({ shape, dtype, rank: shape.length }) as TensorInfo & Tensor;

/** Kernels that select, place or generate elements. */
export const lookup: Record<string, KernelRule> = {
  GatherV2: rule(['x', 'indices'], ([x, indices], { axis, batchDims }) => {
    if (batchDims) throw new Error('tf.gather with batchDims cannot be traced; use tf.gatherND');
    const at = frontAxis(axis ?? 0, x.shape.length);
    const shape = [...sizes(x).slice(0, at), ...sizes(indices), ...sizes(x).slice(at + 1)];
    return { attributes: { axis: at }, outputs: [{ shape, dtype: x.dtype }] };
  }),
  GatherNd: rule(['params', 'indices'], ([params, indices]) => {
    gather_util.prepareAndValidate(tensorOf(params), tensorOf(indices));
    const depth = sizes(indices).at(-1)!;
    const shape = [...sizes(indices).slice(0, -1), ...sizes(params).slice(depth)];
    return { outputs: [{ shape, dtype: params.dtype }] };
  }),
  ScatterNd: rule(['indices', 'updates'], ([, updates], { shape }) => ({
    attributes: { shape: numbers(shape) },
    outputs: [{ shape: numbers(shape), dtype: updates.dtype }],
  })),
  UnsortedSegmentSum: rule(['x', 'segmentIds'], ([x, segmentIds], { numSegments }) => ({
    attributes: { numSegments: numSegments as number },
    outputs: [{ shape: [numSegments as number, ...sizes(x).slice(segmentIds.shape.length)], dtype: x.dtype }],
  })),
  OneHot: rule(['indices'], ([indices], { depth, onValue, offValue, dtype }) => ({
    attributes: { depth: depth as number, onValue: onValue ?? 1, offValue: offValue ?? 0 },
    outputs: [{ shape: [...sizes(indices), depth as number], dtype: (dtype ?? 'int32') as DType }],
  })),
  TopK: {
    ...rule(['x'], ([x], { k, sorted }) => {
      const shape = sizes(x).with(-1, k as number);
      return {
        attributes: { k: k as number, sorted: sorted !== false },
        outputs: [
          { shape, dtype: x.dtype },
          { shape, dtype: 'int32' },
        ],
      };
    }),
    list: true,
  },
  Fill: rule([], (_, { shape, value, dtype }) =>
    fill(value as number, { shape: numbers(shape), dtype: (dtype ?? 'float32') as DType }),
  ),
  ZerosLike: rule(['x'], ([x]) => fill(0, x)),
  OnesLike: rule(['x'], ([x]) => fill(1, x)),
  Range: rule([], (_, { start, stop, step, dtype }) => {
    const span = (stop as number) - (start as number);
    // tfjs counts down if no step is given and the end is below the start.
    const by = span < 0 && step === 1 ? -1 : (step as number);
    const length = Math.max(0, Math.ceil(span / by));
    return {
      attributes: { start: start as number, step: by, length },
      outputs: [{ shape: [length], dtype: (dtype ?? 'float32') as DType }],
    };
  }),
};
