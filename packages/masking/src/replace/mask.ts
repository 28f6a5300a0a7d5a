import type { Replacement } from './replacement.js';

/** Every masked token becomes [MASK], as in the notebook that this project implements. Nothing is drawn. */
export const mask: Replacement = { mask: 1, random: 0 };
