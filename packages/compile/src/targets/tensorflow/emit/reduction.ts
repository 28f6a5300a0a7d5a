import type { Node } from '../../../graph/graph.js';
import { type Emit, type EmitTable, number, numbers } from '../../emit.js';
import { attribute } from '../protobuf/attribute.js';
import type { GraphBuilder, TensorName } from './builder.js';
import { cast, result, typeOf } from './types.js';

const int32 = attribute.type('int32');

const reduce = (op: string, typed = true): Emit<GraphBuilder> => {
  return (to, node, x) => {
    const axes = to.integers([...numbers(node, 'axes')]);
    const attr = { keep_dims: attribute.flag(node.attributes.keepDims === true), Tidx: int32 };
    return to.add(op, [x, axes], typed ? { ...typeOf(node), ...attr } : attr);
  };
};

const argument = (op: string): Emit<GraphBuilder> => {
  return (to, node, x) => {
    const attr = { ...typeOf(node), Tidx: int32, output_type: int32 };
    return to.add(op, [x, to.scalar(number(node, 'axis'), 'int32')], attr);
  };
};

/** Operations that work along axes. */
export const reduction: EmitTable<GraphBuilder> = {
  // In both libraries, an empty list of axes reduces nothing.
  Sum: (to, node, ...inputs) => sumOfSquares(to, node, inputs[0]!) ?? reduce('Sum')(to, node, ...inputs),
  Mean: (to, node, x) => {
    const floats = cast(to, x, node.inputs[0]!.dtype, 'float32');
    const attr = {
      T: attribute.type('float32'),
      keep_dims: attribute.flag(node.attributes.keepDims === true),
    };
    return to.add('Mean', [floats, to.integers([...numbers(node, 'axes')])], { ...attr, Tidx: int32 });
  },
  Max: reduce('Max'),
  Min: reduce('Min'),
  Prod: reduce('Prod'),
  All: reduce('All', false),
  Any: reduce('Any', false),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Softmax: (to, node, ...inputs) => to.add('Softmax', inputs, typeOf(node)),
  LogSoftmax: (to, node, ...inputs) => to.add('LogSoftmax', inputs, typeOf(node)),
  Cumsum: (to, node, x) => {
    const axis = to.scalar(number(node, 'axis'), 'int32');
    return to.add('Cumsum', [x, axis], {
      ...typeOf(node),
      Tidx: int32,
      exclusive: attribute.flag(node.attributes.exclusive === true),
      reverse: attribute.flag(node.attributes.reverse === true),
    });
  },
};

/** The sum of squares over all axes in one pass, as 2 · L2Loss; used for the norm of gradients. */
function sumOfSquares(to: GraphBuilder, node: Node, input: TensorName): TensorName | undefined {
  const source = node.inputs[0]!;
  const all = result(node).shape.length === 0 && source.shape.length > 0;
  if (!all || source.dtype !== 'float32' || source.node?.op !== 'Square') return undefined;
  const square = to.nodeOf(input);
  if (square?.op !== 'Square') return undefined;
  const half = to.add('L2Loss', square.input, typeOf(node));
  return to.add('Mul', [half, to.scalar(2, 'float32')], typeOf(node));
}
