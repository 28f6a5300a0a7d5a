import { createHash } from 'node:crypto';
import { InputError } from '@mlm/base/errors';
import type { AddedToken, SpecialIds } from './types.js';
import { SPECIAL_TOKENS, type SpecialRole, specialToken, type TokenizerConfig } from './vocabulary-files.js';

/** Tokens by id; an id that no token has is undefined. */
export type Tokens = readonly (string | undefined)[];

/** Tokens by id, the added ones included. */
export function allTokens(model: { tokens: Tokens; addedTokens: readonly AddedToken[] }): Tokens {
  const tokens = [...model.tokens];
  for (const token of model.addedTokens) tokens[token.id] = token.content;
  return tokens;
}

/** @throws RangeError when no token has the id */
export function tokenAt(tokens: Tokens, id: number): string {
  const token = tokens[id];
  if (token === undefined) throw new RangeError(`no token has the id ${id}`);
  return token;
}

/** One token a line; an id that no token has keeps its line. */
export function vocabularyText(tokens: Tokens): string {
  return Array.from(tokens, (token, id) => `${token ?? `[no token ${id}]`}\n`).join('');
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Ids of the special tokens that the configuration names, or else of the usual ones.
 * @param unkToken the model's own unknown token, which goes before the configuration's
 * @throws InputError when the vocabulary lacks one of them
 */
export function findSpecialIds(
  tokens: Tokens,
  config: TokenizerConfig,
  name: string,
  unkToken?: string,
): SpecialIds {
  const find = (role: SpecialRole): number => {
    const token = (role === 'unk' && unkToken) || specialToken(role, config, (t) => tokens.includes(t));
    const id = tokens.lastIndexOf(token);
    if (id < 0) {
      const what = SPECIAL_TOKENS[role].key;
      throw new InputError(
        `${name}: the vocabulary has no ${token} (${what}), which masked-language-model training needs`,
      );
    }
    return id;
  };
  return { cls: find('cls'), sep: find('sep'), pad: find('pad'), unk: find('unk'), mask: find('mask') };
}

/** The special ids, and those of all added tokens flagged as special, ascending. */
export function findProtectedIds(specialIds: SpecialIds, addedTokens: readonly AddedToken[]): number[] {
  const ids = new Set<number>(Object.values(specialIds));
  for (const token of addedTokens) if (token.special) ids.add(token.id);
  return [...ids].sort((a, b) => a - b);
}
