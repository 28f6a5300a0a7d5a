import type { EmitTable } from '../../emit.js';
import type { GraphBuilder } from './builder.js';
import { elementwise } from './elementwise.js';
import { layout } from './layout.js';
import { lookup } from './lookup.js';
import { matmul } from './matmul.js';
import { random } from './random.js';
import { reduction } from './reduction.js';

/** How each operation is written in TensorFlow. */
export const emitters: EmitTable<GraphBuilder> = {
  ...elementwise,
  ...layout,
  ...lookup,
  ...matmul,
  ...random,
  ...reduction,
};
