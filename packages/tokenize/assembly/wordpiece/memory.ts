// The one linear memory: small tables at fixed places, then the regions that setting up and `reserve` lay out.
// Every address is a byte offset; all loads and stores are little-endian and may be unaligned.

/** Below this stand the compiler's own few data. What comes of the byte after a word: 256 rows of 4 bytes. */
export const DELIMITER: usize = 2048;
/** So far behind them are the rows of a byte that is an item by itself: what is left of -1 after a shift by 21. */
export const ALONE: usize = 0xffffffff >> 21;
/** Ids of one word while it goes into a cache. */
export const PIECES: usize = 6144;
/** A cached word's bytes while it is cut into pieces. */
export const KEY: usize = 7168;
/** First bytes of the added tokens: their number, then the bytes. */
export const TOKEN_STARTS: usize = 7232;
/** 17 rows of 16 bytes: row n keeps the first n bytes of a vector. */
export const KEEP: usize = 7680;
/** What the first byte of a character tells of it: 64 bytes from 0xc0 on, as src/unicode/classes.ts fills them. */
export const FIRST_BYTES: usize = 8000;
/** Places of items in the text. */
export const ITEMS: usize = 8192;
/** The class of each code point: see unicode.ts. */
export const CLASSES: usize = ITEMS + 4096 * 4 + 64;
/** For a code point below 0x30000 of the class MAPPED, where in MAPPINGS its entry stands, in words of 4 bytes. */
export const MAPPING_INDEX: usize = CLASSES + 0x110000;
/** Entries: a count, then so many items. */
export const MAPPINGS: usize = MAPPING_INDEX + 0x30000 * 2;
/** The id of each code point of the basic plane that is a word by itself, plus 1; 0 where it is unknown. */
export const SINGLE_IDS: usize = MAPPINGS + 0x10000 * 4;
/** The regions whose sizes depend on the vocabulary begin here. */
export const HEAP: usize = SINGLE_IDS + 0x10000 * 4;

export { allocate, free, reach, release } from '../common/heap';
