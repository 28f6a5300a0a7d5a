import { elementwise } from './elementwise.js';
import { layout } from './layout.js';
import { lookup } from './lookup.js';
import { matmul } from './matmul.js';
import { reduction } from './reduction.js';
import type { KernelRule } from './rule.js';

/** Every tfjs kernel that a traced function may reach, by tfjs's name for it. */
export const kernels: Readonly<Record<string, KernelRule>> = {
  ...elementwise,
  ...layout,
  ...lookup,
  ...matmul,
  ...reduction,
};
