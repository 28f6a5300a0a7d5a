import { type Emit, type EmitTable, inputType, number, numbers } from '../../emit.js';
import { DATA_TYPE } from '../protobuf.js';
import type { ModelBuilder } from './builder.js';
import { onNumbers } from './direct.js';

const reduce =
  (opType: string): Emit<ModelBuilder> =>
  (to, node, x) =>
    to.op(opType, [x, to.ints(numbers(node, 'axes'))], {
      keepdims: node.attributes.keepDims ? 1 : 0,
    });

const argument =
  (opType: string): Emit<ModelBuilder> =>
  (to, node, x) =>
    to.op('Cast', [to.op(opType, [x], { axis: number(node, 'axis'), keepdims: 0 })], {
      to: DATA_TYPE.int32,
    });

/** Operations that work along axes. */
export const reduction: EmitTable<ModelBuilder> = {
  Sum: onNumbers(reduce('ReduceSum')),
  Mean: (to, node, x) =>
    reduce('ReduceMean')(
      to,
      node,
      inputType(node) === 'float32' ? x : to.op('Cast', [x], { to: DATA_TYPE.float32 }),
    ),
  Max: onNumbers(reduce('ReduceMax')),
  Min: onNumbers(reduce('ReduceMin')),
  Prod: onNumbers(reduce('ReduceProd')),
  All: onNumbers(reduce('ReduceMin')),
  Any: onNumbers(reduce('ReduceMax')),
  ArgMax: onNumbers(argument('ArgMax')),
  ArgMin: onNumbers(argument('ArgMin')),
  Softmax: (to, node, ...x) => to.op('Softmax', x, { axis: number(node, 'axis') }),
  LogSoftmax: (to, node, ...x) => to.op('LogSoftmax', x, { axis: number(node, 'axis') }),
  Cumsum: (to, node, x) =>
    to.op('CumSum', [x, to.constant([number(node, 'axis')], 'int64', [])], {
      exclusive: node.attributes.exclusive ? 1 : 0,
      reverse: node.attributes.reverse ? 1 : 0,
    }),
};
