import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import { nameOf, type TokenizerConfig } from './classes.js';
import type { AddedToken, SpecialIds } from './types.js';
import type { Tokens } from './vocabulary.js';

/** The special tokens: their keys in tokenizer_config.json and their usual names. */
export const SPECIAL_TOKENS = {
  cls: { key: 'cls_token', usual: ['[CLS]', '<s>'] },
  sep: { key: 'sep_token', usual: ['[SEP]', '</s>'] },
  pad: { key: 'pad_token', usual: ['[PAD]', '<pad>'] },
  unk: { key: 'unk_token', usual: ['[UNK]', '<unk>'] },
  mask: { key: 'mask_token', usual: ['[MASK]', '<mask>'] },
} as const;

export type SpecialRole = keyof typeof SPECIAL_TOKENS;

/** The token that the settings name for a role, else the usual one that `has` accepts. */
export function specialToken(
  role: SpecialRole,
  settings: TokenizerConfig,
  has: (token: string) => boolean,
): string {
  const { key, usual } = SPECIAL_TOKENS[role];
  return nameOf(settings[key]) ?? usual.find(has) ?? usual[0];
}

/** The error for a vocabulary without one of the five special tokens. */
export function missing(where: string, role: string, token: string): InputError {
  return new InputError(
    `${where}: the vocabulary has no ${shown(token, token === '' ? '"' : '')} (${role}), which masked-language-model training needs`,
  );
}

/**
 * Ids of the special tokens that the settings name, else of the usual ones.
 * @param unkToken the model's own unknown token, which takes precedence over that of the settings
 * @throws InputError if the vocabulary lacks one of them
 */
export function findSpecialIds(
  tokens: Tokens,
  settings: TokenizerConfig,
  name: string,
  unkToken?: string,
): SpecialIds {
  const find = (role: SpecialRole): number => {
    const token =
      role === 'unk' && unkToken !== undefined
        ? unkToken
        : specialToken(role, settings, (t) => tokens.includes(t));
    const id = tokens.lastIndexOf(token);
    if (id < 0) throw missing(name, SPECIAL_TOKENS[role].key, token);
    return id;
  };
  return { cls: find('cls'), sep: find('sep'), pad: find('pad'), unk: find('unk'), mask: find('mask') };
}

/** The ids of the special tokens and of all added tokens flagged as special, ascending. */
export function findProtectedIds(specialIds: SpecialIds, addedTokens: readonly AddedToken[]): number[] {
  const ids = new Set<number>(Object.values(specialIds));
  for (const token of addedTokens) if (token.special) ids.add(token.id);
  return [...ids].sort((a, b) => a - b);
}
