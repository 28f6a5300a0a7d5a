// Ids of the words seen before, in two tables. They grow up to a fixed size: a table that is full then is emptied, which
// happens so seldom that filling it again costs next to nothing.
import { growTable, rangeBytes, tableBytes, tableLimit } from './grow';
import { allocate, KEEP, KEY, PIECES } from './memory';
import { cutWord, maxWordCharacters, unknownId } from './wordpiece';

const HASH_1: u64 = 0x9e3779b97f4a7c15;
const HASH_2: u64 = 0xc2b2ae3d27d4eb4f;
const HASH_3: u64 = 0x165667b19e3779f9;
const HASH_4: u64 = 0xd6e8feb86659fd93;

/** Words of up to 16 ASCII letters and digits. 32 bytes a slot: word, three ids or place in the pool, the ids' bytes. */
const WORD_SLOT: usize = 32;
const WORD_FILLED: usize = 28;
export const LEAST_WORD_BITS: u32 = 16;
const MOST_WORD_BITS: u32 = 18;
/** As many bytes of ids as a slot takes. */
export const WORD_INLINE: usize = 12;
/** Spans of up to 32 bytes as they stand in the text. 64 bytes a slot: span, count + 1 | length << 24, seven ids or place in the pool. */
const SPAN_SLOT: usize = 64;
const SPAN_FILLED: usize = 32;
const LEAST_SPAN_BITS: u32 = 12;
const MOST_SPAN_BITS: u32 = 16;
const SPAN_INLINE: i32 = 7;
/** Ids of entries that hold more than their slots take. */
const POOL_IDS: u32 = 1 << 20;

/** 0x20 in each byte where capital letters become small ones: words are kept in small letters then. */
export let foldBits: u64 = 0;
export let wordTable: usize = 0;
/** The table of words has two to the power of this many slots. */
export let wordBits: u32 = 0;
let spanTable: usize = 0;
let spanBits: u32 = LEAST_SPAN_BITS;
let pool: usize = 0;
let wordCount: u32 = 0;
let spanCount: u32 = 0;
let poolCount: u32 = 0;

/** Bytes of the address range that all of this takes; only what is in use of it is touched. */
export const CACHES: usize = rangeBytes(MOST_WORD_BITS, WORD_SLOT) + rangeBytes(MOST_SPAN_BITS, SPAN_SLOT) + (<usize>POOL_IDS << 2) + 256;

/** Before the caches are set up. */
export function setFolding(lowercase: bool): void {
  foldBits = lowercase ? 0x2020202020202020 : 0;
}

/** @param bits of the size of the table of words @param count of the words that are in it */
export function setUpCaches(bits: u32, count: u32): void {
  wordTable = allocate(rangeBytes(MOST_WORD_BITS, WORD_SLOT));
  spanTable = allocate(rangeBytes(MOST_SPAN_BITS, SPAN_SLOT));
  pool = allocate(<usize>POOL_IDS << 2);
  wordBits = bits;
  wordCount = count;
}

/** All that setting up has filled lies before this address. */
export function filledEnd(): usize {
  return wordTable + tableBytes(wordBits, WORD_SLOT);
}

export function knownWords(): u32 {
  return wordCount;
}

/** Whether the table of words takes no more: it has so many, or they stand so close at its end. */
function isWordTableFull(): bool {
  return wordCount >= tableLimit(wordBits, MOST_WORD_BITS) || load<u32>(filledEnd() - 2 * WORD_SLOT, WORD_FILLED) != 0;
}

function growWords(): void {
  growTable(wordTable, tableBytes(wordBits++, WORD_SLOT), WORD_SLOT, WORD_FILLED, (entry) => wordHome(v128.load(entry)));
}

function emptyWords(): void {
  memory.fill(wordTable, 0, tableBytes(wordBits, WORD_SLOT));
  wordCount = 0;
}

function growSpans(): void {
  growTable(spanTable, tableBytes(spanBits++, SPAN_SLOT), SPAN_SLOT, SPAN_FILLED, (entry) =>
    spanHome(v128.load(entry), v128.load(entry, 16)),
  );
}

function emptySpans(): void {
  memory.fill(spanTable, 0, tableBytes(spanBits, SPAN_SLOT));
  spanCount = 0;
}

/** Empties all tables when the pool has no room for one more entry; returns whether it did. */
function makeRoom(): bool {
  if (poolCount + 128 < POOL_IDS) return false;
  emptyWords();
  emptySpans();
  poolCount = 0;
  return true;
}

function putInPool(ids: usize, count: i32): u32 {
  const at = poolCount;
  memory.copy(pool + (<usize>at << 2), ids, <usize>count << 2);
  poolCount += <u32>count;
  return at;
}

/** Writes the ids of a word's entry; returns the address after them. */
export function copyWord(entry: usize, out: usize): usize {
  const bytes = <usize>load<u32>(entry, WORD_FILLED);
  if (bytes <= WORD_INLINE) v128.store(out, v128.load(entry, 16));
  else copyIds(out, load<u32>(entry, 16), <u32>(bytes >> 2));
  return out + bytes;
}

function copyIds(out: usize, place: u32, count: u32): void {
  const from = pool + (<usize>place << 2);
  for (let i: usize = 0; i < (<usize>count << 2); i += 4) store<u32>(out + i, load<u32>(from + i));
}

/** Where a word's slot is in a table of so many bits. Slot 0 stays empty: it is the word of no bytes, which has no ids. */
@inline export function wordSlot(word: v128, bits: u32): usize {
  const mixed = v128.xor(word, i8x16.shuffle(word, word, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return <usize>((v128.extract_lane<u64>(mixed, 0) * HASH_1) >> <u64>(64 - bits)) << 5;
}

@inline function wordHome(word: v128): usize {
  return wordTable + max(wordSlot(word, wordBits), WORD_SLOT);
}

@inline export function holds(entry: usize, word: v128): bool {
  return i8x16.bitmask(i8x16.eq(v128.load(entry), word)) == 0xffff;
}

/** The entry of the word of ASCII characters at KEY, zeros after it; it is made when there is none. */
export function findWord(length: usize): usize {
  const word = v128.load(KEY);
  let entry = wordHome(word);
  const home = entry;
  while (load<u64>(entry) != 0) {
    if (holds(entry, word)) return entry < home + 2 * WORD_SLOT ? entry : exchange(home, entry);
    entry += WORD_SLOT;
  }
  makeRoom();
  while (isWordTableFull()) wordBits < MOST_WORD_BITS ? growWords() : emptyWords();
  wordCount++;
  entry = wordHome(word);
  while (load<u64>(entry) != 0) entry += WORD_SLOT;
  const count = cutAscii(length);
  v128.store(entry, word);
  const bytes = <usize>count << 2;
  if (bytes <= WORD_INLINE) v128.store(entry, v128.load(PIECES), 16);
  else store<u32>(entry, putInPool(PIECES, count), 16);
  store<u32>(entry, <u32>bytes, WORD_FILLED);
  return entry;
}

/** Exchanges two entries; returns the first place. */
function exchange(first: usize, second: usize): usize {
  const word = v128.load(first);
  const ids = v128.load(first, 16);
  v128.store(first, v128.load(second));
  v128.store(first, v128.load(second, 16), 16);
  v128.store(second, word);
  v128.store(second, ids, 16);
  return first;
}

/** Puts the token of bytes [start, end) into the table, if a text can hold it as a word of ASCII characters. */
export function rememberToken(start: usize, end: usize, id: i32): void {
  const length = end - start;
  if (length == 0 || length > 16 || <i32>length > maxWordCharacters()) return;
  for (let p = start; p < end; p++) {
    const byte: u32 = load<u8>(p);
    const isCapital = byte - 0x41 < 26;
    if (byte - 0x30 >= 10 && (byte | 0x20) - 0x61 >= 26) return;
    if (isCapital && foldBits != 0) return;
  }
  const word = v128.and(v128.load(start), v128.load(KEEP + (length << 4)));
  while (isWordTableFull()) {
    if (wordBits == MOST_WORD_BITS) return;
    growWords();
  }
  let entry = wordHome(word);
  while (load<u64>(entry) != 0 && !holds(entry, word)) entry += WORD_SLOT;
  if (load<u64>(entry) == 0) wordCount++;
  v128.store(entry, word);
  store<i32>(entry, id, 16);
  store<u32>(entry, 4, WORD_FILLED);
}

/** Cuts the word of ASCII characters at KEY; its ids go to PIECES. */
function cutAscii(length: usize): i32 {
  if (<i32>length <= maxWordCharacters()) return cutWord(KEY, KEY + length, PIECES);
  store<i32>(PIECES, unknownId());
  return 1;
}

@inline function spanHome(low: v128, high: v128): usize {
  const hash =
    v128.extract_lane<u64>(low, 0) * HASH_1 +
    v128.extract_lane<u64>(low, 1) * HASH_2 +
    v128.extract_lane<u64>(high, 0) * HASH_3 +
    v128.extract_lane<u64>(high, 1) * HASH_4;
  return spanTable + (<usize>((hash ^ (hash >> 29)) * HASH_1 >> <u64>(64 - spanBits)) << 6);
}

/** The entry of a span of 1 to 32 bytes, or the free slot that `fillSpan` may fill. */
export function findSpan(start: usize, length: usize): usize {
  const low = v128.and(v128.load(start), v128.load(KEEP + (min(length, 16) << 4)));
  const high = length > 16 ? v128.and(v128.load(start, 16), v128.load(KEEP + ((length - 16) << 4))) : i64x2.splat(0);
  let entry = spanHome(low, high);
  while (load<u32>(entry, 32) != 0) {
    const other = v128.or(v128.xor(v128.load(entry), low), v128.xor(v128.load(entry, 16), high));
    // The length tells "a" from "a" and a NUL.
    if (!v128.any_true(other) && <usize>load<u8>(entry, 35) == length) return entry;
    entry += SPAN_SLOT;
  }
  v128.store(entry, low);
  v128.store(entry, high, 16);
  return entry;
}

@inline export function isFilled(entry: usize): bool {
  return load<u32>(entry, 32) != 0;
}

/** Writes the ids of an entry; returns the address after them. */
export function copySpan(entry: usize, out: usize): usize {
  const count = <i32>(load<u32>(entry, 32) & 0xffffff) - 1;
  if (count <= SPAN_INLINE) {
    v128.store(out, v128.load(entry, 36));
    v128.store(out, v128.load(entry, 48), 12);
  } else {
    copyIds(out, load<u32>(entry, 36), <u32>count);
  }
  return out + (<usize>count << 2);
}

/** Fills the slot that `findSpan` just returned. */
export function fillSpan(entry: usize, length: usize, ids: usize, count: i32): void {
  if (makeRoom()) return;
  if (spanCount >= tableLimit(spanBits, MOST_SPAN_BITS) || load<u32>(spanTable + tableBytes(spanBits, SPAN_SLOT) - 2 * SPAN_SLOT, SPAN_FILLED) != 0) {
    // Its place is another one then: the span goes there the next time.
    return spanBits < MOST_SPAN_BITS ? growSpans() : emptySpans();
  }
  spanCount++;
  store<u32>(entry, (<u32>count + 1) | (<u32>length << 24), 32);
  if (count <= SPAN_INLINE) memory.copy(entry + 36, ids, <usize>count << 2);
  else store<u32>(entry, putInPool(ids, count), 36);
}
