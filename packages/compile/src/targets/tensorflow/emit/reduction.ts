import { attribute } from '../protobuf/attribute.js';
import { cast, type EmitOperation, number, numbers, type Operations, result, typeOf } from './operation.js';

const int32 = attribute.type('int32');

const reduction = (op: string, typed = true): EmitOperation => {
  return (node, [x], to) => {
    const axes = to.integers(numbers(node.attributes.axes));
    const attr = { keep_dims: attribute.flag(node.attributes.keepDims === true), Tidx: int32 };
    return to.add(op, [x!, axes], typed ? { ...typeOf(node), ...attr } : attr);
  };
};

const argument = (op: string): EmitOperation => {
  return (node, [x], to) => {
    const attr = { ...typeOf(node), Tidx: int32, output_type: int32 };
    return to.add(op, [x!, to.scalar(number(node.attributes, 'axis'), 'int32')], attr);
  };
};

/** Kernels that read along an axis. */
export const reductions: Operations = {
  // An empty list of axes reduces nothing in both libraries.
  Sum: (node, inputs, to) => sumOfSquares(node, inputs, to) ?? reduction('Sum')(node, inputs, to),
  Mean: (node, [x], to) => {
    const floats = cast(to, x!, node.inputs[0]!.dtype, 'float32');
    const attr = {
      T: attribute.type('float32'),
      keep_dims: attribute.flag(node.attributes.keepDims === true),
    };
    return to.add('Mean', [floats, to.integers(numbers(node.attributes.axes))], { ...attr, Tidx: int32 });
  },
  Max: reduction('Max'),
  Min: reduction('Min'),
  Prod: reduction('Prod'),
  All: reduction('All', false),
  Any: reduction('Any', false),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Softmax: (node, inputs, to) => to.add('Softmax', inputs, typeOf(node)),
  LogSoftmax: (node, inputs, to) => to.add('LogSoftmax', inputs, typeOf(node)),
  Cumsum: (node, [x], to) => {
    const axis = to.scalar(number(node.attributes, 'axis'), 'int32');
    const [exclusive, reverse] = ['exclusive', 'reverse'].map((name) =>
      attribute.flag(node.attributes[name] === true),
    );
    return to.add('Cumsum', [x!, axis], {
      ...typeOf(node),
      Tidx: int32,
      exclusive: exclusive!,
      reverse: reverse!,
    });
  },
};

/** The sum of a square over all axes in one pass, as the norm of a gradient needs it: 2 · L2Loss. */
function sumOfSquares(...[node, inputs, to]: Parameters<EmitOperation>): string | undefined {
  const source = node.inputs[0]!;
  const all = result(node).shape.length === 0 && source.shape.length > 0;
  if (!all || source.dtype !== 'float32' || source.node?.op !== 'Square') return undefined;
  const square = to.nodeOf(inputs[0]!);
  if (square?.op !== 'Square') return undefined;
  const half = to.add('L2Loss', square.input, typeOf(node));
  return to.add('Mul', [half, to.scalar(2, 'float32')], typeOf(node));
}
