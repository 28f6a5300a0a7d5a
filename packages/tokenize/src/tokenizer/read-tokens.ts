import type { Tokenizer } from './types.js';

/** Tokens of a row as a person reads them. */
export interface ReadTokens {
  /** Their text, without the space before it; `␣` where nothing else is left. */
  text: string;
  /** Whether they follow the token before without a space. */
  joins: boolean;
}

/**
 * Reads adjacent tokens of a row: joins pieces to words, and the bytes of byte-level BPE to characters. Read by itself,
 * a token that holds a part of a character is U+FFFD.
 *
 * @example
 * ```ts
 * import { loadTokenizer, readTokens } from '@mlm/tokenize';
 *
 * const tokenizer = await loadTokenizer();
 * const { ids } = tokenizer.encoder().encode(new TextEncoder().encode('unbelievable'), { document: 'none' });
 * console.log(readTokens(tokenizer, ids)); // { text: 'unbelievable', joins: false }
 * ```
 */
export function readTokens(tokenizer: Tokenizer, ids: ArrayLike<number>): ReadTokens {
  const all = Array.from(ids);
  const [first] = all;
  if (first === undefined) return { text: '', joins: true };
  const joins = tokenizer.wordStarts[first] === 0 && !tokenizer.protectedIds.includes(first);
  const decoded = tokenizer.decode(all);
  // The decoder of WordPiece leaves the first piece as it is.
  const text = joins && tokenizer.idToToken(first).startsWith('##') ? decoded.slice(2) : decoded;
  return { text: text.trimStart() || '␣', joins };
}
