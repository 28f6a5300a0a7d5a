import { InputError } from '@mlm/base/errors';
import type { DrawRows } from '../random/draws.js';
import { classBits } from '../random/kernel.js';

/** Classes of ids, for masking words as a whole. */
export const CONTINUES = 0;
export const BEGINS = 1;
export const PROTECTED = 2;

/**
 * The words of rows, one bit per position, in the layout of `Draws.select`. The arrays may be longer than the rows
 * need; the next call overwrites them.
 */
export interface WordBits {
  /** Set where a word begins, including the rest of a word that is cut by a row's edge or a protected token. */
  readonly begins: Uint32Array;
  /** Set where a stretch of text begins: at a row's first word and after each protected token. */
  readonly stretches: Uint32Array;
  /** Set on protected tokens, including padding, and past a row's end. */
  readonly isProtected: Uint32Array;
}

/** The positions that a rule masks, one bit each, in the layout of `Draws.select`. */
export interface MaskedBits {
  /** Set where a token is masked; for single tokens also on protected ones, which are ignored. */
  readonly bits: Uint32Array;
  /** Set where a run begins that is replaced as one; absent if each token is replaced separately. */
  readonly runStarts: Uint32Array | undefined;
}

let room = bitRoom(0);

function bitRoom(words: number): WordBits {
  return {
    begins: new Uint32Array(words),
    stretches: new Uint32Array(words),
    isProtected: new Uint32Array(words),
  };
}

/**
 * Finds the words of consecutive rows.
 * @param classes the class of each id: {@link CONTINUES}, {@link BEGINS} or {@link PROTECTED}
 * @throws InputError if an id is outside the vocabulary
 */
export function findWords(rows: DrawRows, ids: Int32Array, classes: Uint8Array): WordBits {
  const [begun, kept] = classBits(rows, ids, classes, (id) => {
    throw outsideVocabulary(id, classes.length);
  });
  const words = begun.length;
  if (room.begins.length < words) room = bitRoom(words);
  const { begins, stretches, isProtected } = room;
  let word = 0;
  for (let row = 0; row < rows.count; row++) {
    const length = rows.lengths[row]!;
    let cutBefore = 1; // by the row's edge, or a protected token
    for (let position = 0; position < length; position += 32, word++) {
      const keptHere = kept[word]!;
      const inRow = length - position >= 32 ? -1 : (1 << (length - position)) - 1;
      const stretch = ~keptHere & ((keptHere << 1) | cutBefore) & inRow;
      stretches[word] = stretch;
      isProtected[word] = keptHere | ~inRow;
      begins[word] = begun[word]! | stretch;
      cutBefore = keptHere >>> 31;
    }
  }
  return room;
}

export function outsideVocabulary(id: number, size: number): InputError {
  return new InputError(`input_ids holds ${id}: expected an id of the vocabulary, 0 to ${size - 1}`);
}

/** The first bit after `bit` at which a word or a protected token begins, at most `end`. */
export function nextBoundary({ begins, isProtected }: WordBits, bit: number, end: number): number {
  let word = bit >>> 5;
  let left = (begins[word]! | isProtected[word]!) & (-2 << bit);
  while (left === 0) {
    word++;
    if (word << 5 >= end) return end;
    left = begins[word]! | isProtected[word]!;
  }
  return Math.min(end, (word << 5) + 31 - Math.clz32(left & -left));
}

/** Sets the bits from `from` up to `to`, which is left out. */
export function setBits(bits: Uint32Array, from: number, to: number): void {
  if (from >= to) return;
  const [first, last] = [from >>> 5, (to - 1) >>> 5];
  const [head, tail] = [-1 << from, -1 >>> -to];
  if (first === last) {
    bits[first]! |= head & tail;
    return;
  }
  bits[first]! |= head;
  bits.fill(-1, first + 1, last);
  bits[last]! |= tail;
}
