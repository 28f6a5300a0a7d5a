import type { EmitTable } from '../../emit.js';
import type { ModelBuilder } from './builder.js';
import { elementwise } from './elementwise.js';
import { layout } from './layout.js';
import { lookup } from './lookup.js';
import { matmul } from './matmul.js';
import { reduction } from './reduction.js';

/** How each operation is written in ONNX, with standard operators of opset 21 wherever possible. */
export const emitters: EmitTable<ModelBuilder> = {
  ...elementwise,
  ...reduction,
  ...layout,
  ...matmul,
  ...lookup,
};
