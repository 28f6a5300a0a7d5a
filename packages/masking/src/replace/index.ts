import { bert } from './bert.js';
import { mask } from './mask.js';
import type { Replacement } from './replacement.js';

export type { Replacement };

/** The ways to replace masked tokens, by the name that settings and options have: the only list of them. */
export const replacements = { mask, bert } as const satisfies Record<string, Replacement>;
