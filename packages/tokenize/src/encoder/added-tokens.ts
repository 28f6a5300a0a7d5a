import type { AddedToken } from '../tokenizer/types.js';
import { isWordCharacter } from '../unicode/patterns.js';

/** Splits a text into its added tokens and the text between them; empty text is left out. */
export type TokenSplitter = (text: string) => (string | AddedToken)[];

/** Splitters for the tokens that are searched in the raw text, and for those searched in normalized text. */
export function tokenSplitters(
  tokens: readonly AddedToken[],
  normalize: (text: string) => string,
): [raw: TokenSplitter, normalized: TokenSplitter] {
  const normalized = tokens
    .filter((token) => token.normalized)
    .map((token) => ({ ...token, content: normalize(token.content) }));
  return [tokenSplitter(tokens.filter((token) => !token.normalized)), tokenSplitter(normalized)];
}

const WHITESPACE = /\p{White_Space}/u;

/**
 * Finds the leftmost token and, among those at one place, the longest. A match that its flags rule out is skipped as a
 * whole.
 */
function tokenSplitter(tokens: readonly AddedToken[]): TokenSplitter {
  const byContent = new Map([...tokens].reverse().map((token) => [token.content, token]));
  byContent.delete('');
  if (byContent.size === 0) return (text) => (text === '' ? [] : [text]);
  const contents = [...byContent.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    contents.map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'),
    'g',
  );
  return (text) => {
    const parts: (string | AddedToken)[] = [];
    let last = 0;
    for (const match of text.matchAll(pattern)) {
      const token = byContent.get(match[0])!;
      let start = match.index;
      let end = start + match[0].length;
      if (token.singleWord && touchesWord(text, start, end)) continue;
      if (token.lstrip) while (start > last && WHITESPACE.test(text[start - 1]!)) start--;
      if (token.rstrip) while (end < text.length && WHITESPACE.test(text[end]!)) end++;
      if (start > last) parts.push(text.slice(last, start));
      parts.push(token);
      last = end;
    }
    if (last < text.length) parts.push(text.slice(last));
    return parts;
  };
}

function touchesWord(text: string, start: number, end: number): boolean {
  const before = Array.from(text.slice(Math.max(0, start - 2), start)).at(-1) ?? '';
  const after = Array.from(text.slice(end, end + 2))[0] ?? '';
  return isWordCharacter(before) || isWordCharacter(after);
}
