import { type Dimension, isSymbolic } from '../../../graph/dimension.js';
import { BARRIER } from '../../../primitives/checkpoint.js';
import { dimensions, type Emit, type EmitTable, inputType, number, numbers } from '../../emit.js';
import { DATA_TYPE } from '../protobuf.js';
import type { ModelBuilder } from './builder.js';

const add = (to: ModelBuilder, values: readonly Dimension[], others: readonly Dimension[]): string =>
  to.op('Add', [to.shape(values), to.shape(others)]);

/**
 * x times a number computed from `after` that is always 1, which no optimizer can see: x waits for them, and neither
 * common subexpression elimination nor fusion crosses it.
 */
const barrier: Emit<ModelBuilder> = (to, _, x, ...after) => {
  const firsts = after.map((name) =>
    to.op('Slice', [to.op('Reshape', [name, to.ints([-1])]), to.ints([0]), to.ints([1])]),
  );
  const positive = to.op('Greater', [to.op('Concat', firsts, { axis: 0 }), to.scalar(0)]);
  const count = to.op('ReduceSum', [to.op('Cast', [positive], { to: DATA_TYPE.float32 })], { keepdims: 0 });
  return to.op('Mul', [x, to.op('Add', [to.op('Mul', [count, to.scalar(0)]), to.scalar(1)])]);
};

/** Operations that only move elements. */
export const layout: EmitTable<ModelBuilder> = {
  Reshape: (to, node, x) => {
    const shape = dimensions(node, 'shape');
    return to.op('Reshape', [x, to.reshapeTarget(shape)], shape.includes(0) ? { allowzero: 1 } : {});
  },
  Transpose: (to, node, x) => to.op('Transpose', [x], { perm: numbers(node, 'perm') }),
  Slice: (to, node, x) => {
    const [begin, size] = [dimensions(node, 'begin'), dimensions(node, 'size')];
    const end = [...begin, ...size].some(isSymbolic)
      ? add(to, begin, size)
      : to.ints(begin.map((from, axis) => (from as number) + (size[axis] as number)));
    return to.op('Slice', [x, to.shape(begin), end]);
  },
  PadV2: (to, node, x) => {
    const paddings = node.attributes.paddings as unknown as readonly [before: Dimension, after: Dimension][];
    const pads = to.shape([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
    return to.op('Pad', [x, pads, to.scalar(number(node, 'constantValue'), inputType(node))]);
  },
  Tile: (to, node, x) => to.op('Tile', [x, to.shape(dimensions(node, 'reps'))]),
  BroadcastTo: (to, node, x) => to.op('Expand', [x, to.shape(dimensions(node, 'shape'))]),
  Reverse: (to, node, x) => {
    const axes = numbers(node, 'axes');
    const each = (value: number) => to.ints(axes.map(() => value));
    return to.op('Slice', [x, each(-1), each(-(2 ** 31)), to.ints(axes), each(-1)]);
  },
  [BARRIER]: barrier,
  Concat: (to, node, ...x) => to.op('Concat', x, { axis: number(node, 'axis') }),
  Pack: (to, node, ...x) => {
    const axis = number(node, 'axis');
    const parts = x.map((part) => to.op('Unsqueeze', [part, to.ints([axis])]));
    return to.op('Concat', parts, { axis });
  },
  Unpack: (to, node, x) => {
    const axis = number(node, 'axis');
    const parts = to.ops('Split', [x, to.ints(node.outputs.map(() => 1))], { axis }, node.outputs.length);
    return parts.map((part) => to.op('Squeeze', [part, to.ints([axis])]));
  },
  SplitV: (to, node, x) =>
    to.ops(
      'Split',
      [x, to.shape(dimensions(node, 'sizes'))],
      { axis: number(node, 'axis') },
      node.outputs.length,
    ),
};
