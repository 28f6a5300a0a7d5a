import { DATA_TYPE } from '../protobuf.js';
import { direct, dtypeOf, inputType, type Lowering, onNumbers } from './lowering.js';

const same = (...names: string[]): Record<string, Lowering> =>
  Object.fromEntries(names.map((name) => [name, direct(name)]));

/** Operations that treat every element alone. */
export const elementwise: Readonly<Record<string, Lowering>> = {
  ...same('Abs', 'Ceil', 'Cos', 'Cosh', 'Elu', 'Erf', 'Exp', 'Floor', 'Log', 'Reciprocal', 'Relu'),
  ...same('Selu', 'Sigmoid', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Tan', 'Tanh', 'Neg'),
  Expm1: (e, [x]) => e.op('Sub', [e.op('Exp', [x!]), e.scalar(1)]),
  Log1p: (e, [x]) => e.op('Log', [e.op('Add', [x!, e.scalar(1)])]),
  Relu6: (e, [x], node) => e.op('Clip', [x!, e.scalar(0, inputType(node)), e.scalar(6, inputType(node))]),
  Round: (e, [x], node) => (inputType(node) === 'float32' ? e.op('Round', [x!]) : x!),
  // tfjs has the sign 0 for what is not a number.
  Sign: (e, [x], node) => {
    const sign = e.op('Sign', [x!]);
    return inputType(node) === 'float32' ? e.op('Where', [e.op('IsNaN', [x!]), e.scalar(0), sign]) : sign;
  },
  Rsqrt: (e, [x]) => e.op('Reciprocal', [e.op('Sqrt', [x!])]),
  Square: (e, [x]) => e.op('Mul', [x!, x!]),
  IsNan: direct('IsNaN'),
  IsInf: direct('IsInf'),
  IsFinite: (e, [x]) => e.op('Not', [e.op('Or', [e.op('IsNaN', [x!]), e.op('IsInf', [x!])])]),
  LogicalNot: direct('Not'),
  LeakyRelu: (e, [x], { attributes }) =>
    e.op('LeakyRelu', [x!], { alpha: { float: attributes.alpha as number } }),
  Step: (e, [x], node) => {
    const dtype = inputType(node);
    const positive = e.op('Greater', [x!, e.scalar(0, dtype)]);
    const below = e.scalar((node.attributes.alpha as number) ?? 0, dtype);
    const step = e.op('Where', [positive, e.scalar(1, dtype), below]);
    if (dtype !== 'float32') return step;
    return e.op('Where', [e.op('IsNaN', [x!]), x!, step]);
  },
  ClipByValue: (e, [x], node) =>
    e.op('Clip', [
      x!,
      e.scalar(node.attributes.clipValueMin as number, inputType(node)),
      e.scalar(node.attributes.clipValueMax as number, inputType(node)),
    ]),

  Add: direct('Add'),
  Sub: direct('Sub'),
  Multiply: direct('Mul'),
  RealDiv: (e, x, node) =>
    inputType(node) === 'float32'
      ? e.op('Div', x)
      : e.op(
          'Div',
          x.map((name) => e.op('Cast', [name], { to: DATA_TYPE.float32 })),
        ),
  FloorDiv: (e, x, node) => {
    if (inputType(node) === 'float32') return e.op('Floor', [e.op('Div', x)]);
    // Doubles hold every int32 and tell apart every quotient of two; tfjs has 0 for a division by zero.
    const doubles = x.map((name) => e.op('Cast', [name], { to: DATA_TYPE.float64 }));
    const wide = e.op('Cast', [e.op('Floor', [e.op('Div', doubles)])], { to: DATA_TYPE.int64 });
    const quotient = e.op('Cast', [wide], { to: DATA_TYPE.int32 });
    const zero = e.scalar(0, 'int32');
    return e.op('Where', [e.op('Equal', [x[1]!, zero]), zero, quotient]);
  },
  Maximum: direct('Max'),
  Minimum: direct('Min'),
  Mod: (e, [a, b], node) => {
    if (inputType(node) === 'int32') return e.op('Mod', [a!, b!]);
    const quotient = e.op('Floor', [e.op('Div', [a!, b!])]);
    return e.op('Sub', [a!, e.op('Mul', [quotient, b!])]);
  },
  Pow: direct('Pow'),
  SquaredDifference: (e, x) => {
    const difference = e.op('Sub', x);
    return e.op('Mul', [difference, difference]);
  },
  Equal: onNumbers(direct('Equal')),
  NotEqual: onNumbers((e, x) => e.op('Not', [e.op('Equal', x)])),
  Greater: onNumbers(direct('Greater')),
  GreaterEqual: onNumbers(direct('GreaterOrEqual')),
  Less: onNumbers(direct('Less')),
  LessEqual: onNumbers(direct('LessOrEqual')),
  LogicalAnd: direct('And'),
  LogicalOr: direct('Or'),
  EluGrad: (e, [dy, y]) => {
    const negative = e.op('Mul', [dy!, e.op('Add', [y!, e.scalar(1)])]);
    return e.op('Where', [e.op('GreaterOrEqual', [y!, e.scalar(0)]), dy!, negative]);
  },
  Prelu: (e, [x, alpha]) => e.op('Where', [e.op('Less', [x!, e.scalar(0)]), e.op('Mul', [x!, alpha!]), x!]),
  Select: direct('Where'),
  Cast: (e, [x], node) => e.op('Cast', [x!], { to: DATA_TYPE[dtypeOf(node)] }),
};
