// A first look at the text, 64 bytes at a time: where words and other items begin and end, as bitmaps of a bit a byte.
import { decode, ILL_FORMED, sizeOf } from '../common/utf8';
import { FIRST_BYTES } from './memory';
import { classOf, DROPPED_WHITESPACE, SINGLE, SPACE } from './unicode';

/** How far lines are told apart. */
export const DOCUMENT_NONE: i32 = 0;
export const DOCUMENT_LINE: i32 = 1;
export const DOCUMENT_BLANK_LINE: i32 = 2;

/** Set where a byte is no part of a word. */
export let notWord: usize = 0;
/** Set where an item begins: a word, or a character outside words other than whitespace and not right after a word. */
export let itemStarts: usize = 0;
/** Ill-formed UTF-8 sequences so far. */
export let illFormed: u32 = 0;

let documents: i32 = 0;
let spacesFormFeeds: bool = false;

// Bits that characters of the block before reach into this one.
let carriedWord: u64 = 0;
let carriedBlank: u64 = 0;
let carriedRest: u64 = 0;
let carriedWhite: u64 = 0;
let afterWord: u64 = 0;
/** Set while the line so far is blank. */
let blankSoFar: u64 = 1;

export function setUpClassifier(cleansText: bool): void {
  spacesFormFeeds = !cleansText;
}

/** @param words @param starts regions of a bit a byte of the text and 64 bytes to spare */
export function beginText(words: usize, starts: usize, mode: i32): void {
  notWord = words;
  itemStarts = starts;
  documents = mode;
  illFormed = 0;
  carriedWord = carriedBlank = carriedRest = carriedWhite = afterWord = 0;
  blankSoFar = 1;
}

/** Which bytes are in [least, most]: moved up so far that the signed bytes greater than a limit are these. */
@inline function within(bytes: v128, least: i8, most: i8): v128 {
  return i8x16.gt_s(i8x16.add(bytes, i8x16.splat(127 - most)), i8x16.splat(126 - (most - least)));
}

/** Classifies bytes [from, to) of the text, which are whole blocks of 64; they follow those of the last call. */
export function classify(text: usize, from: usize, to: usize): void {
  for (let at = from; at < to; at += 64) {
    let words: u64 = 0;
    let high: u64 = 0;
    let newlines: u64 = 0;
    let spaces: u64 = 0;
    let lineWhite: u64 = 0; // tab, newline, vertical tab, form feed, carriage return
    for (let j: usize = 0; j < 64; j += 16) {
      const v = v128.load(text + at + j);
      const letters = within(v128.or(v, i8x16.splat(0x20)), 0x61, 0x7a);
      const digits = within(v, 0x30, 0x39);
      words |= <u64>i8x16.bitmask(v128.or(letters, digits)) << <u64>j;
      high |= <u64>i8x16.bitmask(v) << <u64>j;
      newlines |= <u64>i8x16.bitmask(i8x16.eq(v, i8x16.splat(0x0a))) << <u64>j;
      spaces |= <u64>i8x16.bitmask(i8x16.eq(v, i8x16.splat(0x20))) << <u64>j;
      lineWhite |= <u64>i8x16.bitmask(within(v, 9, 13)) << <u64>j;
    }
    let white = spaces | (lineWhite & ~newlines);
    let blanks = spaces;
    if (lineWhite != newlines) blanks |= lineWhite & ~newlines & ~formFeeds(text + at);
    let rest: u64 = 0; // bytes of an item after its first
    if (high | carriedWord | carriedBlank | carriedRest) {
      words |= carriedWord;
      blanks |= carriedBlank;
      white |= carriedWhite;
      rest = carriedRest;
      high &= ~(carriedWord | carriedBlank | carriedRest);
      carriedWord = carriedBlank = carriedRest = carriedWhite = 0;
      if (popcnt<u64>(high) >= MANY) {
        lookAtFirstBytes(text + at);
        const two = wordsOfTwo & high;
        const three = wordsOfThree & high;
        const single = singlesOfThree & high;
        const over = (single << 1) | (single << 2);
        words |= two | (two << 1) | three | (three << 1) | (three << 2);
        rest |= over;
        high &= ~(words | single | over);
      }
      while (high != 0) {
        const i = ctz<u64>(high);
        const decoded = decode(text + at + <usize>i);
        const size = <u64>sizeOf(decoded);
        const kind = classOf(decoded & 0x1fffff);
        const bytes: u64 = ((<u64>1 << size) - 1) << i;
        const over: u64 = i + size > 64 ? ((<u64>1 << size) - 1) >> (64 - i) : 0;
        if (decoded & ILL_FORMED) illFormed++;
        if (kind == SINGLE) {
          rest |= bytes & (bytes << 1);
          carriedRest = over;
        } else if (kind == SPACE) {
          blanks |= bytes;
          white |= bytes;
          carriedBlank = carriedWhite = over;
        } else {
          words |= bytes;
          carriedWord = over;
          if (kind == DROPPED_WHITESPACE) {
            white |= bytes;
            carriedWhite = over;
          }
        }
        high &= ~bytes;
      }
    }
    let boundaries: u64 = 0;
    if (documents != DOCUMENT_LINE) blanks |= newlines;
    if (documents == DOCUMENT_BLANK_LINE) {
      // A run of whitespace from a line's start to a newline: adding carries a bit through the run to what follows it.
      const lineStarts = (newlines << 1) | blankSoFar;
      const sum = (lineStarts & white) + white;
      boundaries = newlines & ((sum & ~white) | lineStarts);
      blankSoFar = (newlines >> 63) | <u64>(sum < white);
    }
    const followsWord = (words << 1) | afterWord;
    afterWord = words >> 63;
    store<u64>(notWord + (at >> 3), ~words);
    store<u64>(itemStarts + (at >> 3), ~(blanks | rest | followsWord) | boundaries);
  }
}

/** From so many bytes of other characters than ASCII in a block on, most of them are looked at together. */
const MANY: u64 = 12;
let wordsOfTwo: u64 = 0;
let wordsOfThree: u64 = 0;
let singlesOfThree: u64 = 0;

/** Finds characters in 64 bytes whose first byte tells what they are, and which are well-formed and end there. */
function lookAtFirstBytes(block: usize): void {
  const low = v128.load(FIRST_BYTES);
  const high = v128.load(FIRST_BYTES, 16);
  const words = v128.load(FIRST_BYTES, 32);
  const singles = v128.load(FIRST_BYTES, 48);
  let following: u64 = 0;
  wordsOfTwo = wordsOfThree = singlesOfThree = 0;
  for (let j: usize = 0; j < 64; j += 16) {
    const v = v128.load(block + j);
    // An index over 15 gives 0.
    const two = v128.xor(v, i8x16.splat(<i8>0xc0));
    const three = v128.xor(v, i8x16.splat(<i8>0xe0));
    const isWord = v128.or(i8x16.swizzle(low, two), i8x16.swizzle(high, i8x16.sub(two, i8x16.splat(16))));
    following |= <u64>i8x16.bitmask(i8x16.lt_s(v, i8x16.splat(<i8>0xc0))) << <u64>j;
    wordsOfTwo |= <u64>i8x16.bitmask(isWord) << <u64>j;
    wordsOfThree |= <u64>i8x16.bitmask(i8x16.swizzle(words, three)) << <u64>j;
    singlesOfThree |= <u64>i8x16.bitmask(i8x16.swizzle(singles, three)) << <u64>j;
  }
  const bothFollow = (following >> 1) & (following >> 2);
  wordsOfTwo &= following >> 1;
  wordsOfThree &= bothFollow;
  singlesOfThree &= bothFollow;
}

/** Vertical tabs and form feeds among 64 bytes, unless they are whitespace like any other. */
function formFeeds(block: usize): u64 {
  if (spacesFormFeeds) return 0;
  let found: u64 = 0;
  for (let j: usize = 0; j < 64; j += 16) {
    const v = v128.load(block + j);
    found |= <u64>i8x16.bitmask(within(v, 11, 12)) << <u64>j;
  }
  return found;
}
