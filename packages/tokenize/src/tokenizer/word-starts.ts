import type { ComponentJson } from './tokenizer-json.js';
import type { Tokens } from './vocabulary.js';

/** How a vocabulary distinguishes tokens that begin a word from those that continue one. */
export type WordMark =
  /** WordPiece: tokens that continue a word have a prefix, `##`. */
  | { readonly continuing: string }
  /** Unigram and byte-level BPE: tokens that begin a word start with one of these, `▁` or a byte of white space. */
  | { readonly starting: readonly string[] };

/** Space, line feed, tab, carriage return, vertical tab and form feed as byte-level tokens spell them. */
const BYTE_LEVEL = ['Ġ', 'Ċ', 'ĉ', 'č', 'ċ', 'Č'];
const METASPACE = '▁';

/** 1 for each id that begins a word or has no token, 0 for one that continues a word. */
export function findWordStarts(tokens: Tokens, mark: WordMark): Uint8Array {
  return Uint8Array.from(tokens, (token) => {
    if (token === undefined) return 1;
    if ('continuing' in mark) return mark.continuing !== '' && token.startsWith(mark.continuing) ? 0 : 1;
    return mark.starting.some((start) => token.startsWith(start)) ? 1 : 0;
  });
}

/** The word mark of a tokenizer.json's pre-tokenizer: byte-level BPE's if it has that stage, else Unigram's. */
export function wordMark(preTokenizer: ComponentJson | null | undefined): WordMark {
  return {
    starting: JSON.stringify(preTokenizer ?? null).includes('"ByteLevel"') ? BYTE_LEVEL : [METASPACE],
  };
}
