import { normalize } from '../normalizer/bert.js';
import { splitWords } from '../pre-tokenizer/bert.js';
import type { DocumentMode, EncodedText, Encoder, WordPieceModel } from '../tokenizer/types.js';
import { type TokenSplitter, tokenSplitters } from './added-tokens.js';
import { encodeDocuments } from './documents.js';

/**
 * BERT's tokenization in its plainest form, step by step over code points: added tokens, normalizer, words, WordPiece.
 * The fast encoder is tested against it; it also serves the few vocabularies that the fast one does not support.
 */
export class ReferenceEncoder implements Encoder {
  readonly #model: WordPieceModel;
  readonly #ids = new Map<string, number>();
  readonly #unk: number;
  readonly #splitRaw: TokenSplitter;
  readonly #splitNormalized: TokenSplitter;

  constructor(model: WordPieceModel) {
    this.#model = model;
    for (const [id, token] of model.tokens.entries()) if (token !== undefined) this.#ids.set(token, id);
    this.#unk = this.#ids.get(model.unkToken)!;
    const normalizeText = (content: string) => this.#normalizeText(content);
    [this.#splitRaw, this.#splitNormalized] = tokenSplitters(model.addedTokens, normalizeText);
  }

  encode(text: Uint8Array, { document }: { document: DocumentMode }): EncodedText {
    return encodeDocuments(text, document, (part) => this.encodeText(part));
  }

  /** The ids of one text. */
  encodeText(text: string): number[] {
    return this.#splitRaw(text).flatMap((part) => {
      if (typeof part !== 'string') return [part.id];
      return this.#splitNormalized(this.#normalizeText(part)).flatMap((piece) =>
        typeof piece === 'string' ? this.#encodeNormalized(piece) : [piece.id],
      );
    });
  }

  #normalizeText(text: string): string {
    return toText(normalize(toCodePoints(text), this.#model));
  }

  #encodeNormalized(text: string): number[] {
    return splitWords(toCodePoints(text)).flatMap((word) => this.#wordPiece(word));
  }

  /** Greedy longest match from the left; a word with any part that the vocabulary lacks is unknown as a whole. */
  #wordPiece(word: readonly number[]): number[] {
    if (word.length > this.#model.maxInputCharsPerWord) return [this.#unk];
    const ids: number[] = [];
    let start = 0;
    while (start < word.length) {
      const prefix = start > 0 ? this.#model.continuingSubwordPrefix : '';
      let end = word.length;
      let id: number | undefined;
      for (; end > start; end--) {
        id = this.#ids.get(prefix + toText(word.slice(start, end)));
        if (id !== undefined) break;
      }
      if (id === undefined) return [this.#unk];
      ids.push(id);
      start = end;
    }
    return ids;
  }
}

function toCodePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

function toText(codePoints: readonly number[]): string {
  return codePoints.map((c) => String.fromCodePoint(c)).join('');
}
