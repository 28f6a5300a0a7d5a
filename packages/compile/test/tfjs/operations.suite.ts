import '@tensorflow/tfjs-core';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { registerGradients } from '../../src/trace/gradients.js';

registerGradients();

/** The files of tfjs-core's tests whose operations can be traced. */
const files = [
  ...['abs', 'add', 'all', 'any', 'arg_max', 'arg_min', 'arithmetic', 'binary_ops', 'broadcast_to', 'ceil'],
  ...['clip_by_value', 'clone', 'concat', 'cos', 'cosh', 'cumsum', 'dropout', 'elu', 'equal', 'erf'],
  ...['euclidean_norm', 'exp', 'expand_dims', 'expm1', 'eye', 'fill', 'floor', 'floordiv', 'gather'],
  ...['gather_nd', 'greater', 'greater_equal', 'is_finite', 'is_inf', 'is_nan', 'leaky_relu', 'less'],
  ...['less_equal', 'log', 'log1p', 'log_sigmoid', 'log_softmax', 'log_sum_exp', 'logical_and'],
  ...['logical_not', 'logical_or', 'logical_xor', 'mat_mul', 'max', 'mean', 'min', 'moments', 'neg', 'norm'],
  ...['not_equal', 'one_hot', 'ones', 'ones_like', 'pad', 'prod', 'range', 'reciprocal', 'relu', 'relu6'],
  ...['reverse', 'reverse_1d', 'reverse_2d', 'reverse_3d', 'reverse_4d', 'round', 'rsqrt', 'scatter_nd'],
  ...['selu', 'sigmoid', 'sign', 'sin', 'sinh', 'slice', 'slice1d', 'slice2d', 'slice3d', 'slice4d'],
  ...['softmax', 'softplus', 'split', 'sqrt', 'square', 'squeeze', 'stack', 'step', 'sub', 'sum', 'tan'],
  ...['tanh', 'tile', 'topk', 'transpose', 'unsorted_segment_sum', 'unstack', 'where', 'zeros', 'zeros_like'],
];

const folder = join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-core')), 'ops');
for (const file of files) await import(join(folder, `${file}_test.js`));
