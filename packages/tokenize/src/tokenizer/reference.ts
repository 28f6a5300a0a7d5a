import { normalize, splitWords } from './normalize.js';
import type { AddedToken, DocumentMode, EncodedText, Encoder, WordPieceModel } from './types.js';

/**
 * BERT's tokenization in its plainest form, step by step over code points: added tokens, normalizer, words, WordPiece.
 * It is what the fast encoder is held against, and serves the few vocabularies that the fast one does not.
 */
export class ReferenceEncoder implements Encoder {
  readonly #model: WordPieceModel;
  readonly #ids = new Map<string, number>();
  readonly #unk: number;
  readonly #rawTokens: readonly AddedToken[];
  readonly #normalizedTokens: readonly AddedToken[];

  constructor(model: WordPieceModel) {
    this.#model = model;
    for (const [id, token] of model.tokens.entries()) if (token !== undefined) this.#ids.set(token, id);
    this.#unk = this.#ids.get(model.unkToken)!;
    this.#rawTokens = model.addedTokens.filter((token) => !token.normalized);
    this.#normalizedTokens = model.addedTokens
      .filter((token) => token.normalized)
      .map((token) => ({ ...token, content: this.#normalizeText(token.content) }));
  }

  encode(text: Uint8Array, { document }: { document: DocumentMode }): EncodedText {
    const ids: number[] = [];
    const documentEnds: number[] = [];
    const documentStarts: number[] = [];
    let invalidUtf8 = 0;
    for (const { start, end } of documents(text, document)) {
      const decoded = decode(text.subarray(start, end));
      invalidUtf8 += decoded.invalid;
      const before = ids.length;
      for (const id of this.encodeText(decoded.text)) ids.push(id);
      if (ids.length === before) continue;
      documentEnds.push(ids.length);
      documentStarts.push(start);
    }
    return {
      ids: Int32Array.from(ids),
      documentEnds: Int32Array.from(documentEnds),
      documentStarts: Int32Array.from(documentStarts),
      invalidUtf8,
    };
  }

  /** The ids of one text. */
  encodeText(text: string): number[] {
    return splitAtTokens(text, this.#rawTokens).flatMap((part) => {
      if (typeof part !== 'string') return [part.id];
      return splitAtTokens(this.#normalizeText(part), this.#normalizedTokens).flatMap((piece) =>
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

  /** Greedy longest match from the left; a word with any part that is in no vocabulary is unknown as a whole. */
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

const REPLACEMENT = '\ufffd';

function decode(bytes: Uint8Array): { text: string; invalid: number } {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const written = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return { text, invalid: text.split(REPLACEMENT).length - written.split('\xef\xbf\xbd').length };
}

const BLANK = /^\p{White_Space}*$/u;

/** Byte ranges of the documents of a text. */
function documents(text: Uint8Array, mode: DocumentMode): { start: number; end: number }[] {
  if (mode === 'none') return [{ start: 0, end: text.length }];
  const found: { start: number; end: number }[] = [];
  let start = 0;
  for (let lineStart = 0; lineStart < text.length; ) {
    const newline = text.indexOf(0x0a, lineStart);
    const lineEnd = newline < 0 ? text.length : newline + 1;
    const ends =
      newline >= 0 && (mode === 'line' || BLANK.test(decode(text.subarray(lineStart, lineEnd)).text));
    if (ends) {
      found.push({ start, end: lineEnd });
      start = lineEnd;
    }
    lineStart = lineEnd;
  }
  found.push({ start, end: text.length });
  return found;
}

/**
 * Cuts a text at the added tokens in it, the leftmost and there the longest one first. A match that its flags rule out is
 * skipped as a whole.
 */
function splitAtTokens(text: string, tokens: readonly AddedToken[]): (string | AddedToken)[] {
  const parts: (string | AddedToken)[] = [];
  let last = 0;
  let from = 0;
  for (;;) {
    const match = firstMatch(text, tokens, from);
    if (match === undefined) break;
    let start = match.start;
    let end = start + match.token.content.length;
    from = end;
    if (
      match.token.singleWord &&
      (/[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_C}]$/u.test(text.slice(0, start)) ||
        /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_C}]/u.test(text.slice(end)))
    )
      continue;
    if (match.token.lstrip)
      start = Math.max(last, text.slice(0, start).replace(/\p{White_Space}+$/u, '').length);
    if (match.token.rstrip) end = text.length - text.slice(end).replace(/^\p{White_Space}+/u, '').length;
    if (start > last) parts.push(text.slice(last, start));
    parts.push(match.token);
    last = end;
  }
  if (last < text.length) parts.push(text.slice(last));
  return parts;
}

function firstMatch(text: string, tokens: readonly AddedToken[], from: number) {
  let best: { token: AddedToken; start: number } | undefined;
  for (const token of tokens) {
    if (token.content === '') continue;
    const start = text.indexOf(token.content, from);
    if (start < 0) continue;
    const better =
      best === undefined ||
      start < best.start ||
      (start === best.start && token.content.length > best.token.content.length);
    if (better) best = { token, start };
  }
  return best;
}
