// The classes of code points. src/unicode/classes.ts fills the tables and must agree with the numbers here.
import { CLASSES } from './memory';

/** Part of a word as it stands. */
export const WORD: u32 = 0;
/** Removed as if it were not there. */
export const DROPPED: u32 = 1;
/** Ends a word. */
export const SPACE: u32 = 2;
/** A word by itself: punctuation, or a CJK ideograph. */
export const SINGLE: u32 = 3;
/** Becomes other characters: see MAPPINGS. */
export const MAPPED: u32 = 4;
/** A Hangul syllable, which becomes two or three jamo. */
export const HANGUL: u32 = 5;
/** Removed, but combining marks do not change places across it. */
export const DROPPED_STARTER: u32 = 6;
/** Removed, yet a line of nothing else is blank. */
export const DROPPED_WHITESPACE: u32 = 7;

// An item of a mapping: code point, what it is, canonical combining class.
export const ITEM_CODE_POINT: u32 = 0x1fffff;
export const ITEM_SINGLE: u32 = 1 << 21;
export const ITEM_SPACE: u32 = 1 << 22;
export const ITEM_CLASS_SHIFT: u32 = 24;

@inline export function classOf(codePoint: u32): u32 {
  return load<u8>(CLASSES + <usize>codePoint);
}
