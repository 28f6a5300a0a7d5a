import type { EmitTable } from '../../emit.js';
import type { ModelBuilder } from './builder.js';
import { elementwise } from './elementwise.js';
import { layout } from './layout.js';
import { lookup } from './lookup.js';
import { matmul } from './matmul.js';
import { reduction } from './reduction.js';

/** How each operation of the graph is written in ONNX, standard operators of opset 21 wherever one fits. */
export const emitters: EmitTable<ModelBuilder> = {
  ...elementwise,
  ...reduction,
  ...layout,
  ...matmul,
  ...lookup,
};
