import { elementwise } from './elementwise.js';
import { layout } from './layout.js';
import { lookup } from './lookup.js';
import type { Lowering } from './lowering.js';
import { matmul } from './matmul.js';
import { reduction } from './reduction.js';

/** How each operation of the graph is written in ONNX, standard operators of opset 21 wherever one fits. */
export const lowerings: Readonly<Record<string, Lowering>> = {
  ...elementwise,
  ...reduction,
  ...layout,
  ...matmul,
  ...lookup,
};
