import { elementCount } from '@mlm/base/shape';
import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import type { Value } from '../../graph/graph.js';
import { axesOf, frontAxis, type KernelCall, type KernelRule, numbers, rule, sizes } from './rule.js';

const reshapeTo = (x: Value, shape: readonly number[]): KernelCall =>
  x.shape.length === shape.length && shape.every((size, i) => size === x.shape[i])
    ? { same: x }
    : { op: 'Reshape', inputs: [x], attributes: { shape }, outputs: [{ shape, dtype: x.dtype }] };

/** A tensor with no elements. */
const emptyOf = (shape: readonly number[], { dtype }: Value): KernelCall => ({
  op: 'Fill',
  inputs: [],
  attributes: { shape, value: 0 },
  outputs: [{ shape, dtype }],
});

/** Kernels that only move elements. Sizes and axes in attributes are explicit, never −1. */
export const layout: Record<string, KernelRule> = {
  Reshape: rule(['x'], ([x], { shape }) => {
    const given = numbers(shape);
    const rest = elementCount(sizes(x)) / elementCount(given.filter((size) => size !== -1));
    return reshapeTo(
      x,
      given.map((size) => (size === -1 ? rest : size)),
    );
  }),
  ExpandDims: rule(['input'], ([x], { dim }) => {
    const shape = [...sizes(x)];
    const rank = shape.length;
    util.assert(
      (dim as number) >= -rank - 1 && (dim as number) <= rank,
      () => `a tensor of rank ${rank} has no axis ${dim} to expand`,
    );
    shape.splice(frontAxis(dim, shape.length + 1), 0, 1);
    return reshapeTo(x, shape);
  }),
  Transpose: rule(['x'], ([x], { perm }) => ({
    attributes: { perm: numbers(perm) },
    outputs: [{ shape: numbers(perm).map((axis) => x.shape[axis]!), dtype: x.dtype }],
  })),
  Slice: rule(['x'], ([x], { begin, size }, sizesVary) => {
    const [from, shape] = slice_util.parseSliceParams(
      { shape: sizes(x) } as never,
      numbers(begin),
      numbers(size),
    ) as [number[], number[]];
    util.assert(
      sizesVary || shape.every((length, i) => from[i]! + length <= sizes(x)[i]!),
      () => `a slice of [${shape}] from [${from}] exceeds the shape [${sizes(x)}]`,
    );
    if (shape.every((length, i) => length === x.shape[i])) return { same: x };
    return {
      attributes: { begin: from, size: shape },
      outputs: [{ shape, dtype: x.dtype }],
    };
  }),
  PadV2: rule(['x'], ([x], attributes) => {
    const paddings = attributes.paddings as [before: number, after: number][];
    util.assert(
      paddings.length === x.shape.length,
      () => `${paddings.length} paddings do not fit a tensor of rank ${x.shape.length}`,
    );
    return {
      attributes: { paddings, constantValue: attributes.constantValue ?? 0 },
      outputs: [
        { shape: paddings.map(([before, after], i) => before + sizes(x)[i]! + after), dtype: x.dtype },
      ],
    };
  }),
  Tile: rule(['x'], ([x], { reps }) => ({
    attributes: { reps: numbers(reps) },
    outputs: [{ shape: sizes(x).map((size, i) => size * numbers(reps)[i]!), dtype: x.dtype }],
  })),
  BroadcastTo: rule(['x'], ([x], { shape }) => ({
    attributes: { shape: numbers(shape) },
    outputs: [{ shape: numbers(shape), dtype: x.dtype }],
  })),
  Reverse: rule(['x'], ([x], { dims }) => ({ attributes: { axes: axesOf(dims, x) }, outputs: [x] })),
  Concat: {
    infer: (values, { axis }) => {
      const at = frontAxis(axis, values[0]!.shape.length);
      backend_util.assertParamsConsistent(values.map(sizes), at);
      const shape = backend_util.computeOutShape(values.map(sizes), at);
      const parts = values.filter((value) => !sizes(value).includes(0));
      if (parts.length === 0) return emptyOf(shape, values[0]!);
      if (parts.length === 1) return { same: parts[0]! };
      return { inputs: parts, attributes: { axis: at }, outputs: [{ shape, dtype: values[0]!.dtype }] };
    },
  },
  Pack: {
    infer: (values, { axis }) => {
      const shape = [...sizes(values[0]!)];
      for (const value of values) {
        util.assertShapesMatch(sizes(value), shape, 'stacked tensors: ');
        util.assert(value.dtype === values[0]!.dtype, () => 'stacked tensors must have one dtype');
      }
      const at = frontAxis(axis, shape.length + 1);
      shape.splice(at, 0, values.length);
      return { attributes: { axis: at }, outputs: [{ shape, dtype: values[0]!.dtype }] };
    },
  },
  Unpack: {
    ...rule(['value'], ([value], { axis }) => {
      const at = frontAxis(axis, value.shape.length);
      const shape = sizes(value).filter((_, i) => i !== at);
      return {
        attributes: { axis: at },
        outputs: Array.from({ length: sizes(value)[at]! }, () => ({ shape, dtype: value.dtype })),
      };
    }),
    list: true,
  },
  SplitV: {
    ...rule(['x'], ([x], { axis, numOrSizeSplits }) => {
      const at = frontAxis(axis, x.shape.length);
      const parts = backend_util.prepareSplitSize(
        { shape: sizes(x) } as never,
        numOrSizeSplits as number[],
        at,
      );
      return {
        attributes: { axis: at, sizes: parts },
        outputs: parts.map((size) => ({ shape: sizes(x).with(at, size), dtype: x.dtype })),
      };
    }),
    list: true,
  },
};
