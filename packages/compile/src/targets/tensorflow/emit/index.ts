import type { EmitTable } from '../../emit.js';
import type { GraphBuilder } from './builder.js';
import { elementwise } from './elementwise.js';
import { layout } from './layout.js';
import { lookup } from './lookup.js';
import { matmul } from './matmul.js';
import { random } from './random.js';
import { reduction } from './reduction.js';

/** Every operation of the graph that has a form in TensorFlow, by its name in the graph. */
export const emitters: EmitTable<GraphBuilder> = {
  ...elementwise,
  ...layout,
  ...lookup,
  ...matmul,
  ...random,
  ...reduction,
};
