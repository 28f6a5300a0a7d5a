import { type EmitTable, inputType, number, outputType } from '../../emit.js';
import { DATA_TYPE } from '../protobuf.js';
import type { ModelBuilder } from './builder.js';
import { direct, onNumbers } from './direct.js';

const same = (...names: string[]): EmitTable<ModelBuilder> =>
  Object.fromEntries(names.map((name) => [name, direct(name)]));

/** Operations that compute each element independently. */
export const elementwise: EmitTable<ModelBuilder> = {
  ...same('Abs', 'Ceil', 'Cos', 'Cosh', 'Elu', 'Erf', 'Exp', 'Floor', 'Log', 'Reciprocal', 'Relu'),
  ...same('Selu', 'Sigmoid', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Tan', 'Tanh', 'Neg'),
  Expm1: (to, _, x) => to.op('Sub', [to.op('Exp', [x]), to.scalar(1)]),
  Log1p: (to, _, x) => to.op('Log', [to.op('Add', [x, to.scalar(1)])]),
  Relu6: (to, node, x) => to.op('Clip', [x, to.scalar(0, inputType(node)), to.scalar(6, inputType(node))]),
  Round: (to, node, x) => (inputType(node) === 'float32' ? to.op('Round', [x]) : x),
  // In tfjs, the sign of NaN is 0.
  Sign: (to, node, x) => {
    const sign = to.op('Sign', [x]);
    return inputType(node) === 'float32' ? to.op('Where', [to.op('IsNaN', [x]), to.scalar(0), sign]) : sign;
  },
  Rsqrt: (to, _, x) => to.op('Reciprocal', [to.op('Sqrt', [x])]),
  Square: (to, _, x) => to.op('Mul', [x, x]),
  IsNan: direct('IsNaN'),
  IsInf: direct('IsInf'),
  IsFinite: (to, _, x) => to.op('Not', [to.op('Or', [to.op('IsNaN', [x]), to.op('IsInf', [x])])]),
  LogicalNot: direct('Not'),
  LeakyRelu: (to, node, x) => to.op('LeakyRelu', [x], { alpha: { float: number(node, 'alpha') } }),
  Step: (to, node, x) => {
    const dtype = inputType(node);
    const positive = to.op('Greater', [x, to.scalar(0, dtype)]);
    const below = to.scalar(number(node, 'alpha') ?? 0, dtype);
    const step = to.op('Where', [positive, to.scalar(1, dtype), below]);
    if (dtype !== 'float32') return step;
    return to.op('Where', [to.op('IsNaN', [x]), x, step]);
  },
  ClipByValue: (to, node, x) =>
    to.op('Clip', [
      x,
      to.scalar(number(node, 'clipValueMin'), inputType(node)),
      to.scalar(number(node, 'clipValueMax'), inputType(node)),
    ]),

  Add: direct('Add'),
  Sub: direct('Sub'),
  Multiply: direct('Mul'),
  RealDiv: (to, node, ...x) =>
    inputType(node) === 'float32'
      ? to.op('Div', x)
      : to.op(
          'Div',
          x.map((name) => to.op('Cast', [name], { to: DATA_TYPE.float32 })),
        ),
  FloorDiv: (to, node, ...x) => {
    if (inputType(node) === 'float32') return to.op('Floor', [to.op('Div', x)]);
    // Doubles represent every int32 and distinguish all their quotients. In tfjs, a division by zero gives 0.
    const doubles = x.map((name) => to.op('Cast', [name], { to: DATA_TYPE.float64 }));
    const wide = to.op('Cast', [to.op('Floor', [to.op('Div', doubles)])], { to: DATA_TYPE.int64 });
    const quotient = to.op('Cast', [wide], { to: DATA_TYPE.int32 });
    const zero = to.scalar(0, 'int32');
    return to.op('Where', [to.op('Equal', [x[1]!, zero]), zero, quotient]);
  },
  Maximum: direct('Max'),
  Minimum: direct('Min'),
  Mod: (to, node, a, b) => {
    if (inputType(node) === 'int32') return to.op('Mod', [a, b]);
    const quotient = to.op('Floor', [to.op('Div', [a, b])]);
    return to.op('Sub', [a, to.op('Mul', [quotient, b])]);
  },
  Pow: direct('Pow'),
  SquaredDifference: (to, _, ...x) => {
    const difference = to.op('Sub', x);
    return to.op('Mul', [difference, difference]);
  },
  Equal: onNumbers(direct('Equal')),
  NotEqual: onNumbers((to, _, ...x) => to.op('Not', [to.op('Equal', x)])),
  Greater: onNumbers(direct('Greater')),
  GreaterEqual: onNumbers(direct('GreaterOrEqual')),
  Less: onNumbers(direct('Less')),
  LessEqual: onNumbers(direct('LessOrEqual')),
  LogicalAnd: direct('And'),
  LogicalOr: direct('Or'),
  EluGrad: (to, _, dy, y) => {
    const negative = to.op('Mul', [dy, to.op('Add', [y, to.scalar(1)])]);
    return to.op('Where', [to.op('GreaterOrEqual', [y, to.scalar(0)]), dy, negative]);
  },
  Prelu: (to, _, x, alpha) => to.op('Where', [to.op('Less', [x, to.scalar(0)]), to.op('Mul', [x, alpha]), x]),
  Select: direct('Where'),
  Cast: (to, node, x) => to.op('Cast', [x], { to: DATA_TYPE[outputType(node)] }),
};
