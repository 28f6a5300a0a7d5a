import { mapTuple } from '@mlm/base/tuple';
import { type Emit, type EmitTable, number } from '../../emit.js';
import type { Builder } from './builder.js';
import { type HloType, type HloValue, shapeOf, typeText } from './types.js';

const float = (to: Builder, x: HloValue): HloValue => to.cast(x, 'float32');

/** An operation of StableHLO or chlo whose result has the type of its operand. */
const unary =
  (op: string): Emit<Builder, HloValue> =>
  (to, _, x) =>
    to.same(op, x);

/** Like `unary`, for operations that tfjs computes in floats. */
const unaryFloat =
  (op: string): Emit<Builder, HloValue> =>
  (to, _, x) =>
    to.same(op, float(to, x));

/** A function of two operands that have been broadcast to the result's shape. */
const binaryOf =
  (emit: (to: Builder, a: HloValue, b: HloValue) => HloValue): Emit<Builder, HloValue> =>
  (to, node, a, b) =>
    emit(to, to.broadcast(a, shapeOf(node)), to.broadcast(b, shapeOf(node)));

const binary = (op: string) => binaryOf((to, a, b) => to.same(op, a, b));

const comparison = (direction: Parameters<Builder['compare']>[0]) =>
  binaryOf((to, a, b) => to.compare(direction, a, b));

/** The constants of tfjs's selu. */
const SELU_ALPHA = 1.7580993408473768;
const SELU_SCALE = 1.0507009873554805;

/** `negative` · (eˣ − 1) for x < 0, `positive` · x otherwise. */
const exponentialUnit = (to: Builder, x: HloValue, negative: number, positive: number): HloValue => {
  const below = to.same(
    'stablehlo.multiply',
    to.same('stablehlo.exponential_minus_one', x),
    to.like(negative, x),
  );
  const above = positive === 1 ? x : to.same('stablehlo.multiply', x, to.like(positive, x));
  return to.select(to.compare('GE', x, to.like(0, x)), above, below);
};

/** Operations that compute each element independently. */
export const elementwise: EmitTable<Builder, HloValue> = {
  Abs: unary('stablehlo.abs'),
  Ceil: unaryFloat('stablehlo.ceil'),
  Cos: unaryFloat('stablehlo.cosine'),
  Cosh: unaryFloat('chlo.cosh'),
  Elu: (to, _, x) => exponentialUnit(to, float(to, x), 1, 1),
  Erf: unaryFloat('chlo.erf'),
  Exp: unaryFloat('stablehlo.exponential'),
  Expm1: unaryFloat('stablehlo.exponential_minus_one'),
  Floor: unaryFloat('stablehlo.floor'),
  Log: unaryFloat('stablehlo.log'),
  Log1p: unaryFloat('stablehlo.log_plus_one'),
  Neg: unary('stablehlo.negate'),
  Reciprocal: (to, _, x) => to.same('stablehlo.divide', to.like(1, float(to, x)), float(to, x)),
  Relu: (to, _, x) => to.same('stablehlo.maximum', x, to.like(0, x)),
  Relu6: (to, _, x) =>
    to.same('stablehlo.minimum', to.same('stablehlo.maximum', x, to.like(0, x)), to.like(6, x)),
  Round: unaryFloat('stablehlo.round_nearest_even'),
  Rsqrt: unaryFloat('stablehlo.rsqrt'),
  Selu: (to, _, x) => exponentialUnit(to, float(to, x), SELU_ALPHA, SELU_SCALE),
  Sigmoid: unaryFloat('stablehlo.logistic'),
  // In tfjs, the sign of NaN is 0.
  Sign: (to, _, x) =>
    x.dtype === 'float32'
      ? to.select(to.compare('NE', x, x), to.like(0, x), to.same('stablehlo.sign', x))
      : to.same('stablehlo.sign', x),
  Sin: unaryFloat('stablehlo.sine'),
  Sinh: unaryFloat('chlo.sinh'),
  // max(x, 0) + log(1 + exp(−|x|)), which does not overflow.
  Softplus: (to, _, given) => {
    const x = float(to, given);
    const decay = to.same('stablehlo.exponential', to.same('stablehlo.negate', to.same('stablehlo.abs', x)));
    const above = to.same('stablehlo.maximum', x, to.like(0, x));
    return to.same('stablehlo.add', above, to.same('stablehlo.log_plus_one', decay));
  },
  Sqrt: unaryFloat('stablehlo.sqrt'),
  Square: (to, _, x) => to.same('stablehlo.multiply', x, x),
  Tan: unaryFloat('stablehlo.tan'),
  Tanh: unaryFloat('stablehlo.tanh'),
  IsFinite: (to, _, x) => test(to, 'stablehlo.is_finite', float(to, x)),
  IsInf: (to, _, x) => test(to, 'chlo.is_inf', float(to, x)),
  IsNan: (to, _, x) => to.compare('NE', float(to, x), float(to, x)),
  LeakyRelu: (to, node, given) => {
    const x = float(to, given);
    const scaled = to.same('stablehlo.multiply', x, to.like(number(node, 'alpha'), x));
    return to.select(to.compare('LT', x, to.like(0, x)), scaled, x);
  },
  // Alpha for x ≤ 0, 1 for x > 0, and NaN for NaN.
  Step: (to, node, x) => {
    const above = to.compare('GT', x, to.like(0, x));
    const step = to.select(above, to.like(1, x), to.like(number(node, 'alpha'), x));
    return x.dtype === 'float32' ? to.select(to.compare('NE', x, x), x, step) : step;
  },
  ClipByValue: (to, node, x) => {
    const [low, high] = mapTuple(['clipValueMin', 'clipValueMax'], (name) => to.like(number(node, name), x));
    return to.same('stablehlo.maximum', to.same('stablehlo.minimum', x, high), low);
  },
  Add: binary('stablehlo.add'),
  Sub: binary('stablehlo.subtract'),
  Multiply: binary('stablehlo.multiply'),
  Maximum: binary('stablehlo.maximum'),
  Minimum: binary('stablehlo.minimum'),
  Pow: binary('stablehlo.power'),
  SquaredDifference: binaryOf((to, a, b) => {
    const difference = to.same('stablehlo.subtract', a, b);
    return to.same('stablehlo.multiply', difference, difference);
  }),
  RealDiv: binaryOf((to, a, b) => to.same('stablehlo.divide', float(to, a), float(to, b))),
  FloorDiv: binaryOf((to, a, b) => {
    if (a.dtype === 'float32') return to.same('stablehlo.floor', to.same('stablehlo.divide', a, b));
    return dividing(to, a, b, (divisor) => {
      const quotient = to.same('stablehlo.divide', a, divisor);
      const rest = to.same('stablehlo.remainder', a, divisor);
      return to.select(
        crosses(to, rest, divisor),
        to.same('stablehlo.subtract', quotient, to.like(1, a)),
        quotient,
      );
    });
  }),
  // The remainder has the sign of the divisor.
  Mod: binaryOf((to, a, b) => {
    const floorMod = (divisor: HloValue) => {
      const rest = to.same('stablehlo.remainder', a, divisor);
      return to.select(crosses(to, rest, divisor), to.same('stablehlo.add', rest, divisor), rest);
    };
    return a.dtype === 'float32' ? floorMod(b) : dividing(to, a, b, floorMod);
  }),
  Equal: comparison('EQ'),
  NotEqual: comparison('NE'),
  Greater: comparison('GT'),
  GreaterEqual: comparison('GE'),
  Less: comparison('LT'),
  LessEqual: comparison('LE'),
  LogicalNot: unary('stablehlo.not'),
  LogicalAnd: binary('stablehlo.and'),
  LogicalOr: binary('stablehlo.or'),
  EluGrad: (to, _, dy, y) => {
    const slope = to.same('stablehlo.add', y, to.like(1, y));
    const below = to.same('stablehlo.multiply', dy, slope);
    return to.select(to.compare('GE', y, to.like(0, y)), dy, below);
  },
  Prelu: binaryOf((to, given, alpha) => {
    const x = float(to, given);
    const below = to.same('stablehlo.multiply', x, float(to, alpha));
    return to.select(to.compare('LT', x, to.like(0, x)), below, x);
  }),
  Select: (to, node, ...inputs) => {
    const aligned = (input: HloValue) => to.broadcast(input, shapeOf(node));
    return to.select(...mapTuple(inputs as [HloValue, HloValue, HloValue], aligned));
  },
  Cast: (to, node, x) => castLikeTfjs(to, x, node.outputs[0]!.dtype),
};

/** A test of each element. */
function test(to: Builder, op: string, x: HloValue): HloValue {
  const result = { shape: x.shape, dtype: 'bool' as const };
  // chlo's operations have no parentheses around a single operand's type.
  return op.startsWith('chlo.')
    ? to.line(op, x.name, `${typeText(x)} -> ${typeText(result)}`, result)
    : to.op(op, [x], result);
}

/** tfjs casts to bool by comparing with 0, and from float32 to int32 by truncation, as `convert` does. */
function castLikeTfjs(to: Builder, x: HloValue, wanted: HloType): HloValue {
  return wanted === 'bool' ? to.compare('NE', x, to.like(0, x)) : to.cast(x, wanted);
}

/** Whether a remainder is not 0 and its sign differs from the divisor's. */
function crosses(to: Builder, rest: HloValue, divisor: HloValue): HloValue {
  const [zeroRest, zeroDivisor] = [to.like(0, rest), to.like(0, divisor)];
  const signs = to.compare('NE', to.compare('LT', rest, zeroRest), to.compare('LT', divisor, zeroDivisor));
  return to.same('stablehlo.and', to.compare('NE', rest, zeroRest), signs);
}

/** An integer division that gives 0 for a divisor of 0, as on the engine eager. */
function dividing(to: Builder, a: HloValue, b: HloValue, divide: (divisor: HloValue) => HloValue): HloValue {
  const isZero = to.compare('EQ', b, to.like(0, b));
  return to.select(isZero, to.like(0, a), divide(to.select(isZero, to.like(1, b), b)));
}
