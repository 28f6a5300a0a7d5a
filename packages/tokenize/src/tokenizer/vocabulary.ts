import { sha256 as digest } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { AddedToken } from './types.js';

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
  return bytesToHex(digest(utf8ToBytes(text)));
}

/** Tokens of a vocab.txt, one a line. */
export function parseVocabulary(text: string): string[] {
  const tokens = text.split(text.includes('\r') ? /\r\n|\r|\n/ : '\n');
  if (tokens.at(-1) === '') tokens.pop();
  return tokens;
}
