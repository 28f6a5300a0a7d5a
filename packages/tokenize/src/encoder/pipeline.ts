import type { PipelineModel } from '../model/model.js';
import type { Normalizer } from '../normalizer/normalizer.js';
import type { PreTokenizer } from '../pre-tokenizer/pre-tokenizer.js';
import type { AddedToken, DocumentMode, EncodedText, Encoder } from '../tokenizer/types.js';
import { type TokenSplitter, tokenSplitters } from './added-tokens.js';
import { BLANK, encodeDocuments } from './documents.js';
import { checkWordLength } from './word-length.js';

/** The stages of a tokenizer.json. */
export interface Pipeline {
  addedTokens: readonly AddedToken[];
  normalize: Normalizer;
  /** Whether a text's first character remains, in some form, after normalization. */
  keepsStart(text: string): boolean;
  splitWords: PreTokenizer;
  model: PipelineModel;
}

const MAX_CACHED_WORDS = 1 << 16;
const MAX_CACHED_LENGTH = 64;

/** Encodes by the stages of a tokenizer.json: added tokens, normalizer, pre-tokenizer, model. */
export class PipelineEncoder implements Encoder {
  readonly #pipeline: Pipeline;
  readonly #splitRaw: TokenSplitter;
  readonly #splitNormalized: TokenSplitter;
  readonly #encodeWord: (word: string) => number[];
  readonly #cachedWords = new Map<string, number[]>();

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
    [this.#splitRaw, this.#splitNormalized] = tokenSplitters(pipeline.addedTokens, pipeline.normalize);
    this.#encodeWord = pipeline.model.wordEncoder();
  }

  encode(text: Uint8Array, { document }: { document: DocumentMode }): EncodedText {
    return encodeDocuments(text, document, (part) => this.encodeText(withoutEnds(part, document)));
  }

  /** The ids of one text. */
  encodeText(text: string): number[] {
    const { normalize, keepsStart, splitWords } = this.#pipeline;
    const ids: number[] = [];
    for (const [i, part] of this.#splitRaw(text).entries()) {
      if (typeof part !== 'string') {
        ids.push(part.id);
        continue;
      }
      const first = i === 0 && keepsStart(part);
      for (const [j, piece] of this.#splitNormalized(normalize(part)).entries()) {
        if (typeof piece !== 'string') ids.push(piece.id);
        else
          for (const word of splitWords(piece, first && j === 0))
            if (word !== '') for (const id of this.#wordIds(word)) ids.push(id);
      }
    }
    return ids;
  }

  #wordIds(word: string): number[] {
    const cached = this.#cachedWords.get(word);
    if (cached !== undefined) return cached;
    checkWordLength(word);
    const ids = this.#encodeWord(word);
    if (word.length <= MAX_CACHED_LENGTH) {
      if (this.#cachedWords.size >= MAX_CACHED_WORDS) this.#cachedWords.clear();
      this.#cachedWords.set(word, ids);
    }
    return ids;
  }
}

/** A document without its separators: its line end, or the blank lines around it. */
function withoutEnds(text: string, document: DocumentMode): string {
  if (document === 'none') return text;
  if (BLANK.test(text)) return '';
  if (document === 'line') return text.replace(/\r?\n$/, '');
  return text.replace(/^\p{White_Space}*\n/u, '').replace(/\r?\n\p{White_Space}*$/u, '');
}
