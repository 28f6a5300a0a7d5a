import type { EmitTable } from '../../emit.js';
import type { Builder } from './builder.js';
import { elementwise } from './elementwise.js';
import { layout } from './layout.js';
import { lookup } from './lookup.js';
import { matmul } from './matmul.js';
import { random } from './random.js';
import { reduction } from './reduction.js';
import { segmentSums } from './segment-sum.js';
import type { HloValue } from './types.js';

/** How each operation is written in StableHLO. All shapes are static. */
export const emitters: EmitTable<Builder, HloValue> = {
  ...elementwise,
  ...layout,
  ...lookup,
  ...matmul,
  ...random,
  ...reduction,
  ...segmentSums,
};
