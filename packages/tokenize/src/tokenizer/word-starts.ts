import type { ComponentJson } from './tokenizer-json.js';
import type { Tokens } from './vocabulary.js';

/** How a vocabulary tells the tokens that begin a word from those that continue one. */
export type WordMark =
  /** WordPiece: what continues a word begins with a prefix, `##`. */
  | { readonly continuing: string }
  /** Unigram and byte-level BPE: what begins a word begins with one of these, `▁` or a byte of white space. */
  | { readonly starting: readonly string[] };

/** Space, line feed, tab, carriage return, vertical tab and form feed as byte-level tokens spell them. */
const BYTE_LEVEL = ['Ġ', 'Ċ', 'ĉ', 'č', 'ċ', 'Č'];
const METASPACE = '▁';

/** 1 for each id that begins a word, 0 for one that continues it; ids that no token has are 1. */
export function findWordStarts(tokens: Tokens, mark: WordMark): Uint8Array {
  return Uint8Array.from(tokens, (token) => {
    if (token === undefined) return 1;
    if ('continuing' in mark) return mark.continuing !== '' && token.startsWith(mark.continuing) ? 0 : 1;
    return mark.starting.some((start) => token.startsWith(start)) ? 1 : 0;
  });
}

/** The mark of a tokenizer.json's pre-tokenizer: of byte-level BPE where it has that stage, else of Unigram. */
export function wordMark(preTokenizer: ComponentJson | null | undefined): WordMark {
  return {
    starting: JSON.stringify(preTokenizer ?? null).includes('"ByteLevel"') ? BYTE_LEVEL : [METASPACE],
  };
}
