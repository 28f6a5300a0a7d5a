import { DATA_TYPE } from '../protobuf.js';
import { inputType, ints, type Lowering, onNumbers } from './lowering.js';

const reduce =
  (opType: string): Lowering =>
  (e, [x], { attributes }) =>
    e.op(opType, [x!, e.ints(ints(attributes, 'axes'))], {
      keepdims: attributes.keepDims ? 1 : 0,
    });

const argument =
  (opType: string): Lowering =>
  (e, [x], { attributes }) =>
    e.op('Cast', [e.op(opType, [x!], { axis: attributes.axis as number, keepdims: 0 })], {
      to: DATA_TYPE.int32,
    });

/** Operations along axes. */
export const reduction: Readonly<Record<string, Lowering>> = {
  Sum: onNumbers(reduce('ReduceSum')),
  Mean: (e, [x], node) =>
    reduce('ReduceMean')(
      e,
      [inputType(node) === 'float32' ? x! : e.op('Cast', [x!], { to: DATA_TYPE.float32 })],
      node,
    ),
  Max: onNumbers(reduce('ReduceMax')),
  Min: onNumbers(reduce('ReduceMin')),
  Prod: onNumbers(reduce('ReduceProd')),
  All: onNumbers(reduce('ReduceMin')),
  Any: onNumbers(reduce('ReduceMax')),
  ArgMax: onNumbers(argument('ArgMax')),
  ArgMin: onNumbers(argument('ArgMin')),
  Softmax: (e, x, { attributes }) => e.op('Softmax', x, { axis: attributes.axis as number }),
  LogSoftmax: (e, x, { attributes }) => e.op('LogSoftmax', x, { axis: attributes.axis as number }),
  Cumsum: (e, [x], { attributes }) =>
    e.op('CumSum', [x!, e.constant([attributes.axis as number], 'int64', [])], {
      exclusive: attributes.exclusive ? 1 : 0,
      reverse: attributes.reverse ? 1 : 0,
    }),
};
