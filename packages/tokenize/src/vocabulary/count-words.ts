import { type NormalizerOptions, normalize } from '../normalizer/bert.js';
import { splitWords } from '../pre-tokenizer/bert.js';
import { IDEOGRAPH, unicodeProperties } from '../unicode/properties.js';
import { EMPTY_HASH, nextHash, WordTable } from './word-table.js';

/** In characters. Longer words become the unknown token when text is encoded, so they teach nothing. */
const MAX_WORD_CHARACTERS = 100;
/** Cached spans that contain more than ASCII letters and digits. */
const MAX_REMEMBERED_SPANS = 1 << 18;

/** Classes of ASCII bytes: a letter or digit continues the word, the others end it. */
const SPACE = 0;
const LETTER = 1;
const PUNCTUATION = 2;
/** A control character, which is removed, or part of a multi-byte UTF-8 sequence: the span takes the slow path. */
const OTHER = 3;
const byteClasses = new Uint8Array(256).fill(OTHER);
for (const byte of [0x09, 0x0a, 0x0d, 0x20]) byteClasses[byte] = SPACE;
for (let byte = 0x21; byte < 0x7f; byte++) {
  byteClasses[byte] = /[0-9A-Za-z]/.test(String.fromCharCode(byte)) ? LETTER : PUNCTUATION;
}

/**
 * Counts words as BERT's normalizer and pre-tokenizer make them. The table holds at most `maxWords` words, plus those
 * of one text; beyond that, the rarest are dropped.
 */
export class WordCounter {
  readonly table = new WordTable();
  readonly #options: NormalizerOptions;
  readonly #maxWords: number;
  /** Maps bytes to lower case if the text is lowercased. */
  readonly #fold = new Uint8Array(256).map((_, byte) => byte);
  readonly #spans = new Map<string, readonly Uint8Array[]>();
  readonly #word = new Uint8Array(MAX_WORD_CHARACTERS);

  /** @param lowercase strips accents as well, as BERT's tokenizer does by default. */
  constructor(lowercase: boolean, maxWords: number) {
    this.#options = { cleanText: true, handleChineseChars: true, stripAccents: lowercase, lowercase };
    this.#maxWords = maxWords;
    if (lowercase) for (let byte = 0x41; byte <= 0x5a; byte++) this.#fold[byte] = byte + 0x20;
  }

  /** Counts the words of one UTF-8 text, whose end ends a word. */
  add(text: Uint8Array): void {
    const fold = this.#fold;
    const word = this.#word;
    for (let i = 0; i < text.length; ) {
      const start = i;
      let hash = EMPTY_HASH;
      while (i < text.length && byteClasses[text[i]!] === LETTER) {
        const byte = fold[text[i]!]!;
        if (i - start < MAX_WORD_CHARACTERS) word[i - start] = byte;
        hash = nextHash(hash, byte);
        i++;
      }
      const kind = i < text.length ? byteClasses[text[i]!]! : SPACE;
      if (kind === OTHER) {
        i = spanEnd(text, i);
        this.#addSpan(text.subarray(start, i));
        continue;
      }
      if (i > start && i - start <= MAX_WORD_CHARACTERS) this.table.add(word, 0, i - start, hash);
      if (kind === PUNCTUATION) {
        this.table.add(text, i, i + 1, nextHash(EMPTY_HASH, text[i]!));
      }
      i++;
    }
    for (let least = 2; this.table.size > this.#maxWords; least++) this.table.prune(least);
  }

  /** Counts the words of a span that has no ASCII whitespace or punctuation, but more than ASCII letters and digits. */
  #addSpan(span: Uint8Array): void {
    for (const piece of pieces(span)) {
      for (const word of this.#wordsOf(piece)) {
        let hash = EMPTY_HASH;
        for (const byte of word) hash = nextHash(hash, byte);
        this.table.add(word, 0, word.length, hash);
      }
    }
  }

  #wordsOf(piece: string): readonly Uint8Array[] {
    let words = this.#spans.get(piece);
    if (!words) {
      const codePoints = Array.from(piece, (character) => character.codePointAt(0)!);
      words = splitWords(normalize(codePoints, this.#options))
        .filter((word) => word.length <= MAX_WORD_CHARACTERS)
        .map((word) => new TextEncoder().encode(String.fromCodePoint(...word)));
      if (this.#spans.size >= MAX_REMEMBERED_SPANS) this.#spans.clear();
      this.#spans.set(piece, words);
    }
    return words;
  }
}

function spanEnd(text: Uint8Array, from: number): number {
  let end = from;
  while (end < text.length && (byteClasses[text[end]!]! & 1) === 1) end++;
  return end;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Cuts a span at CJK ideographs, each of which is a word: the other pieces repeat and can be cached. */
function pieces(span: Uint8Array): string[] {
  const { classes } = unicodeProperties();
  const text = decoder.decode(span);
  const found: string[] = [];
  let piece = '';
  for (const character of text) {
    if ((classes[character.codePointAt(0)!]! & IDEOGRAPH) === 0) {
      piece += character;
      continue;
    }
    if (piece !== '') found.push(piece);
    found.push(character);
    piece = '';
  }
  if (piece !== '') found.push(piece);
  return found;
}
