import type { Replacement } from './replacement.js';

/** [MASK] on every masked token, as the notebook that this project implements has it. Nothing is drawn. */
export const mask: Replacement = { mask: 1, random: 0 };
