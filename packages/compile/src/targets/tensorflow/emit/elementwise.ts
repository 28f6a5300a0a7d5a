import type { DType } from '../../../graph/graph.js';
import { type Emit, type EmitTable, number } from '../../emit.js';
import { attribute } from '../protobuf/attribute.js';
import type { GraphBuilder, TensorName } from './builder.js';
import { cast, result, typeOf } from './types.js';

const same = (op: string): Emit<GraphBuilder> => {
  return (to, node, ...inputs) => to.add(op, inputs, typeOf(node));
};

const named = (names: readonly string[]): EmitTable<GraphBuilder> =>
  Object.fromEntries(names.map((name) => [name, same(name)]));

/** Logical operations, which have no attribute T. */
const logical = (op: string): Emit<GraphBuilder> => {
  return (to, _, ...inputs) => to.add(op, inputs);
};

/** Operations that compute each element independently; most have the same name in TensorFlow. */
export const elementwise: EmitTable<GraphBuilder> = {
  ...named(['Abs', 'Ceil', 'Cos', 'Cosh', 'Elu', 'Erf', 'Exp', 'Expm1', 'Floor', 'Log', 'Log1p', 'Neg']),
  ...named(['Reciprocal', 'Relu', 'Relu6', 'Round', 'Rsqrt', 'Selu', 'Sigmoid', 'Sign', 'Sin', 'Sinh']),
  ...named(['Softplus', 'Sqrt', 'Square', 'Tan', 'Tanh', 'IsFinite', 'IsInf', 'IsNan']),
  ...named(['Sub', 'FloorDiv', 'Maximum', 'Minimum', 'Pow', 'SquaredDifference']),
  ...named(['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual']),
  Add: same('AddV2'),
  Multiply: same('Mul'),
  Mod: same('FloorMod'),
  LogicalNot: logical('LogicalNot'),
  LogicalAnd: logical('LogicalAnd'),
  LogicalOr: logical('LogicalOr'),
  RealDiv: (to, node, ...inputs) => {
    const floats = inputs.map((tensor, i) => cast(to, tensor, node.inputs[i]!.dtype, 'float32'));
    return to.add('RealDiv', floats, { T: attribute.type('float32') });
  },
  LeakyRelu: (to, node, ...inputs) => {
    return to.add('LeakyRelu', inputs, {
      ...typeOf(node),
      alpha: attribute.real(number(node, 'alpha')),
    });
  },
  // Step is alpha for x ≤ 0, 1 for x > 0, and NaN for NaN.
  Step: (to, node, x) => {
    const { dtype } = node.inputs[0]!;
    const positive = to.add('Greater', [x, to.scalar(0, dtype)], typeOf(node));
    const choice = [positive, to.scalar(1, dtype), to.scalar(number(node, 'alpha'), dtype)];
    const step = to.add('SelectV2', choice, typeOf(node));
    if (dtype !== 'float32') return step;
    return to.add('SelectV2', [to.add('IsNan', [x], typeOf(node)), x, step], typeOf(node));
  },
  ClipByValue: (to, node, x) => {
    const { dtype } = node.inputs[0]!;
    const bound = (name: string) => to.scalar(number(node, name), dtype);
    const [low, high] = [bound('clipValueMin'), bound('clipValueMax')];
    return to.add('Maximum', [to.add('Minimum', [x, high], typeOf(node)), low], typeOf(node));
  },
  EluGrad: same('EluGrad'),
  Prelu: (to, node, x, alpha) => {
    const zero = to.scalar(0, 'float32');
    const negative = to.add('Mul', [alpha, to.add('Minimum', [x, zero], typeOf(node))], typeOf(node));
    return to.add('AddV2', [to.add('Maximum', [x, zero], typeOf(node)), negative], typeOf(node));
  },
  Select: (to, node, ...inputs) => to.add('SelectV2', inputs, { T: attribute.type(result(node).dtype) }),
  Cast: (to, node, x) => castLikeTfjs(to, x, node.inputs[0]!.dtype, result(node).dtype),
};

/** tfjs casts to bool by comparing with 0, and from float32 to int32 by truncation, as TensorFlow's own Cast does. */
function castLikeTfjs(to: GraphBuilder, tensor: TensorName, from: DType, wanted: DType): TensorName {
  if (wanted !== 'bool' || from === 'bool') return cast(to, tensor, from, wanted);
  return to.add('NotEqual', [tensor, to.scalar(0, from)], { T: attribute.type(from) });
}
