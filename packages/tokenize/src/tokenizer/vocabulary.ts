import { sha256 as digest } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { AddedToken } from './types.js';

/** Tokens by id; undefined for ids without a token. */
export type Tokens = readonly (string | undefined)[];

/** Tokens by id, including added ones. */
export function allTokens(model: { tokens: Tokens; addedTokens: readonly AddedToken[] }): Tokens {
  const tokens = [...model.tokens];
  for (const token of model.addedTokens) tokens[token.id] = token.content;
  return tokens;
}

/** @throws RangeError if no token has the id */
export function tokenAt(tokens: Tokens, id: number): string {
  const token = tokens[id];
  if (token === undefined) throw new RangeError(`no token has the id ${id}`);
  return token;
}

/** One token per line; an id without a token keeps its line. */
export function vocabularyText(tokens: Tokens): string {
  return Array.from(tokens, (token, id) => `${token ?? `[no token ${id}]`}\n`).join('');
}

export function sha256(text: string): string {
  return bytesToHex(digest(utf8ToBytes(text)));
}

/** Unicode's white space except the line feed. */
const SPACE = /[\t\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** The tokens of a vocab.txt, one per line without white space at its end, as transformers 5 reads them. */
export function parseVocabulary(text: string): string[] {
  const tokens = text.split('\n').map(withoutSpaceAtEnd);
  const last = tokens.pop()!;
  return last === '' ? tokens : [...tokens, last];
}

/** Not by a pattern, which would try each of a million spaces within a line as the first of its end. */
function withoutSpaceAtEnd(line: string): string {
  let end = line.length;
  while (end > 0 && SPACE.test(line[end - 1]!)) end--;
  return line.slice(0, end);
}
