import { InputError } from '@mlm/base/errors';
import { bert } from './bert.js';
import { mask } from './mask.js';
import type { Replacement } from './replacement.js';

export { type MaskedPositions, type Replacement, replaceMasked } from './replacement.js';

/** The named ways to replace masked tokens: the only list of them. */
export const replacements: Readonly<Record<string, Replacement>> = { mask, bert };

/** Explicit shares of [MASK], random ids and kept ids, which sum to 1. */
export type ReplacementShares = readonly [mask: number, random: number, keep: number];

/**
 * The replacement that settings give by name or by shares.
 * @throws InputError when the name is unknown, or the shares do not sum to 1
 */
export function replacementOf(replace: string | ReplacementShares): Replacement {
  if (typeof replace === 'string') {
    const named = Object.hasOwn(replacements, replace) ? replacements[replace] : undefined;
    if (named) return named;
    const names = Object.keys(replacements).map((name) => `"${name}"`);
    throw new InputError(
      `replace "${replace}": expected ${names.join(', ')}, or three shares such as 0.8,0.1,0.1`,
    );
  }
  const [mask, random, keep] = replace;
  const isShare = (share: unknown) => typeof share === 'number' && share >= 0;
  if (replace.length !== 3 || !replace.every(isShare) || Math.abs(mask + random + keep - 1) > 1e-9) {
    throw new InputError(
      `replace ${replace.join(',')}: expected the shares of [MASK], random and kept tokens, which sum to 1`,
    );
  }
  return { mask, random };
}

/** The name of the replacement with these shares; the shares themselves if it has none. */
export function namedReplacement(replace: string | ReplacementShares): string | ReplacementShares {
  const { mask, random } = replacementOf(replace);
  const named = Object.entries(replacements).find(
    ([, known]) => known.mask === mask && known.random === random,
  );
  return named?.[0] ?? replace;
}
