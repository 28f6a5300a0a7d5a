import { type Dimension, isSymbolic } from '../../../graph/dimension.js';
import { BARRIER } from '../../../primitives/checkpoint.js';
import { DATA_TYPE } from '../protobuf.js';
import type { Emitter } from './emitter.js';
import { dims, inputType, ints, type Lowering } from './lowering.js';

const add = (e: Emitter, values: readonly Dimension[], others: readonly Dimension[]): string =>
  e.op('Add', [e.shape(values), e.shape(others)]);

/**
 * x times a number that is 1 whatever `after` holds, which no optimizer can know: so x waits for them, and neither common
 * subexpressions nor fusions reach across.
 */
const barrier: Lowering = (e, [x, ...after]) => {
  const firsts = after.map((name) =>
    e.op('Slice', [e.op('Reshape', [name, e.ints([-1])]), e.ints([0]), e.ints([1])]),
  );
  const positive = e.op('Greater', [e.op('Concat', firsts, { axis: 0 }), e.scalar(0)]);
  const count = e.op('ReduceSum', [e.op('Cast', [positive], { to: DATA_TYPE.float32 })], { keepdims: 0 });
  return e.op('Mul', [x!, e.op('Add', [e.op('Mul', [count, e.scalar(0)]), e.scalar(1)])]);
};

/** Operations that move elements. */
export const layout: Readonly<Record<string, Lowering>> = {
  Reshape: (e, [x], { attributes }) => {
    const shape = dims(attributes, 'shape');
    return e.op('Reshape', [x!, e.reshapeTarget(shape)], shape.includes(0) ? { allowzero: 1 } : {});
  },
  Transpose: (e, [x], { attributes }) => e.op('Transpose', [x!], { perm: ints(attributes, 'perm') }),
  Slice: (e, [x], { attributes }) => {
    const [begin, size] = [dims(attributes, 'begin'), dims(attributes, 'size')];
    const end = [...begin, ...size].some(isSymbolic)
      ? add(e, begin, size)
      : e.ints(begin.map((from, axis) => (from as number) + (size[axis] as number)));
    return e.op('Slice', [x!, e.shape(begin), end]);
  },
  PadV2: (e, [x], node) => {
    const paddings = node.attributes.paddings as readonly (readonly Dimension[])[];
    const pads = e.shape([...paddings.map(([before]) => before!), ...paddings.map(([, after]) => after!)]);
    return e.op('Pad', [x!, pads, e.scalar(node.attributes.constantValue as number, inputType(node))]);
  },
  Tile: (e, [x], { attributes }) => e.op('Tile', [x!, e.shape(dims(attributes, 'reps'))]),
  BroadcastTo: (e, [x], { attributes }) => e.op('Expand', [x!, e.shape(dims(attributes, 'shape'))]),
  Reverse: (e, [x], { attributes }) => {
    const axes = ints(attributes, 'axes');
    const each = (value: number) => e.ints(axes.map(() => value));
    return e.op('Slice', [x!, each(-1), each(-(2 ** 31)), e.ints(axes), each(-1)]);
  },
  [BARRIER]: barrier,
  Concat: (e, x, { attributes }) => e.op('Concat', x, { axis: attributes.axis as number }),
  Pack: (e, x, { attributes }) => {
    const axis = attributes.axis as number;
    const parts = x.map((part) => e.op('Unsqueeze', [part, e.ints([axis])]));
    return e.op('Concat', parts, { axis });
  },
  Unpack: (e, [x], { attributes, outputs }) => {
    const axis = attributes.axis as number;
    const parts = e.ops('Split', [x!, e.ints(outputs.map(() => 1))], { axis }, outputs.length);
    return parts.map((part) => e.op('Squeeze', [part, e.ints([axis])]));
  },
  SplitV: (e, [x], { attributes, outputs }) =>
    e.ops(
      'Split',
      [x!, e.shape(dims(attributes, 'sizes'))],
      { axis: attributes.axis as number },
      outputs.length,
    ),
};
