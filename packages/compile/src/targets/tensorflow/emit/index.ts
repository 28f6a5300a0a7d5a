import { elementwise } from './elementwise.js';
import { layout } from './layout.js';
import { lookup } from './lookup.js';
import { matmul } from './matmul.js';
import type { Operations } from './operation.js';
import { random } from './random.js';
import { reductions } from './reduction.js';

/** Every operation of the graph that has a form in TensorFlow, by its name in the graph. */
export const operations: Operations = {
  ...elementwise,
  ...layout,
  ...lookup,
  ...matmul,
  ...random,
  ...reductions,
};
