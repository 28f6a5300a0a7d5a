import type { DType } from '../../graph/graph.js';
import { broadcast, type KernelRule, rule } from './rule.js';

const unary = (attributes: readonly string[] = [], dtype?: DType): KernelRule =>
  rule(['x'], ([x], given) => ({
    attributes: Object.fromEntries(attributes.map((name) => [name, given[name]!])),
    outputs: [{ shape: x.shape, dtype: dtype ?? x.dtype }],
  }));

const binary = (dtype?: DType): KernelRule =>
  rule(['a', 'b'], ([a, b]) => ({ outputs: [{ shape: broadcast(a, b), dtype: dtype ?? a.dtype }] }));

const all = (names: readonly string[], rule: KernelRule): Record<string, KernelRule> =>
  Object.fromEntries(names.map((name) => [name, rule]));

/** Kernels that compute each element independently. */
export const elementwise: Record<string, KernelRule> = {
  ...all(
    [
      ...['Abs', 'Ceil', 'Cos', 'Cosh', 'Elu', 'Erf', 'Exp', 'Expm1', 'Floor', 'Log', 'Log1p', 'Neg'],
      ...['Reciprocal', 'Relu', 'Relu6', 'Round', 'Rsqrt', 'Selu', 'Sigmoid', 'Sign', 'Sin', 'Sinh'],
      ...['Softplus', 'Sqrt', 'Square', 'Tan', 'Tanh'],
    ],
    unary(),
  ),
  ...all(['IsFinite', 'IsInf', 'IsNan', 'LogicalNot'], unary([], 'bool')),
  LeakyRelu: unary(['alpha']),
  Step: unary(['alpha']),
  ClipByValue: unary(['clipValueMin', 'clipValueMax']),
  ...all(
    ['Add', 'Sub', 'Multiply', 'FloorDiv', 'Maximum', 'Minimum', 'Mod', 'Pow', 'SquaredDifference'],
    binary(),
  ),
  RealDiv: binary('float32'),
  ...all(
    [
      ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'],
      ...['LogicalAnd', 'LogicalOr'],
    ],
    binary('bool'),
  ),
  EluGrad: rule(['dy', 'y'], ([dy]) => ({ outputs: [dy] })),
  Prelu: rule(['x', 'alpha'], ([x, alpha]) => ({
    outputs: [{ shape: broadcast(x, alpha), dtype: 'float32' }],
  })),
  Select: rule(['condition', 't', 'e'], ([, t]) => ({ outputs: [t] })),
  Identity: rule(['x'], ([x]) => ({ same: x })),
  Cast: rule(['x'], ([x], { dtype }) =>
    x.dtype === dtype
      ? { same: x }
      : { attributes: { dtype: dtype as DType }, outputs: [{ shape: x.shape, dtype: dtype as DType }] },
  ),
};
