// Ids of the words seen before, in three tables by the length of the word. They have a fixed size: a table that is full is
// emptied, which happens so seldom that filling it again costs nothing (measured; see docs).
import { allocate, KEEP, KEY, PIECES } from './memory';
import { cutWord, maxWordCharacters, unknownId } from './wordpiece';

const HASH_1: u64 = 0x9e3779b97f4a7c15;
const HASH_2: u64 = 0xc2b2ae3d27d4eb4f;
const HASH_3: u64 = 0x165667b19e3779f9;
const HASH_4: u64 = 0xd6e8feb86659fd93;

// Words are found by open addressing without wrapping around. Each table has slots to spare at its end, of which the last
// is never filled, so that every search ends.

/** Words of up to 8 bytes. 16 bytes a slot: word, first id | count << 24, second id or place in the pool. */
const SHORT_BITS: u64 = 17;
const SHORT_SIZE: usize = (16 << <usize>SHORT_BITS) + 4096;
const SHORT_LIMIT: u32 = (<u32>1 << <u32>SHORT_BITS) / 10 * 6;
/** Words of up to 16 bytes. 32 bytes a slot: word, three ids or place in the pool, count. */
const LONG_BITS: u64 = 16;
const LONG_SIZE: usize = (32 << <usize>LONG_BITS) + 4096;
const LONG_LIMIT: u32 = (<u32>1 << <u32>LONG_BITS) / 10 * 6;
/** Spans of up to 32 bytes as they stand in the text. 64 bytes a slot: span, count + 1 | length << 24, seven ids or place in the pool. */
const SPAN_BITS: u64 = 16;
const SPAN_SIZE: usize = (64 << <usize>SPAN_BITS) + 4096;
const SPAN_LIMIT: u32 = (<u32>1 << <u32>SPAN_BITS) / 10 * 6;
const SPAN_INLINE: i32 = 7;
/** Ids of entries that hold more than their slots take. */
const POOL_IDS: u32 = 1 << 20;

export let shortTable: usize = 0;
export let longTable: usize = 0;
export let spanTable: usize = 0;
export let pool: usize = 0;
let shortCount: u32 = 0;
let longCount: u32 = 0;
let spanCount: u32 = 0;
let poolCount: u32 = 0;

export function setUpCaches(): void {
  shortTable = allocate(SHORT_SIZE);
  longTable = allocate(LONG_SIZE);
  spanTable = allocate(SPAN_SIZE);
  pool = allocate(<usize>POOL_IDS << 2);
}

/** Empties all tables when the pool has no room for one more entry; returns whether it did. */
function makeRoom(): bool {
  if (poolCount + 128 < POOL_IDS) return false;
  memory.fill(shortTable, 0, SHORT_SIZE);
  memory.fill(longTable, 0, LONG_SIZE);
  memory.fill(spanTable, 0, SPAN_SIZE);
  shortCount = longCount = spanCount = poolCount = 0;
  return true;
}

function putInPool(ids: usize, count: i32): u32 {
  const at = poolCount;
  memory.copy(pool + (<usize>at << 2), ids, <usize>count << 2);
  poolCount += <u32>count;
  return at;
}

@inline export function copyIds(out: usize, place: u32, count: u32): void {
  const from = pool + (<usize>place << 2);
  for (let i: usize = 0; i < (<usize>count << 2); i += 4) store<u32>(out + i, load<u32>(from + i));
}

/** Cuts the word of ASCII characters at KEY; its ids go to PIECES. */
function cutAscii(length: usize): i32 {
  if (<i32>length <= maxWordCharacters()) return cutWord(KEY, KEY + length, PIECES);
  store<i32>(PIECES, unknownId());
  return 1;
}

/** Slot 0 stays empty: it is the word of no bytes, which has no ids. */
@inline export function shortSlot(word: u64): usize {
  return <usize>((word * HASH_1) >> (64 - SHORT_BITS));
}

/** The entry of a word of up to 8 bytes whose first slot holds another one; it is made when there is none. */
export function findShort(word: u64, length: usize): usize {
  let slot = shortSlot(word);
  if (slot == 0) slot = 1;
  let entry = shortTable + (slot << 4);
  for (;;) {
    const held = load<u64>(entry);
    if (held == word) return entry;
    if (held == 0) break;
    entry += 16;
  }
  makeRoom();
  if (++shortCount > SHORT_LIMIT || load<u64>(shortTable, SHORT_SIZE - 32) != 0) {
    memory.fill(shortTable, 0, SHORT_SIZE);
    shortCount = 1;
  }
  entry = shortTable + (slot << 4);
  while (load<u64>(entry) != 0) entry += 16;
  store<u64>(KEY, word);
  const count = cutAscii(length);
  store<u64>(entry, word);
  store<u32>(entry, load<u32>(PIECES) | (<u32>count << 24), 8);
  store<u32>(entry, count > 2 ? putInPool(PIECES, count) : load<u32>(PIECES, 4), 12);
  return entry;
}

@inline export function longSlot(low: u64, high: u64): usize {
  return <usize>((low * HASH_1 + high * HASH_2) >> (64 - LONG_BITS));
}

/** The entry of a word of 9 to 16 bytes whose first slot holds another one; it is made when there is none. */
export function findLong(low: u64, high: u64, length: usize): usize {
  const first = longTable + (longSlot(low, high) << 5);
  let entry = first;
  for (;;) {
    const held = load<u64>(entry);
    if (held == low && load<u64>(entry, 8) == high) return entry;
    if (held == 0) break;
    entry += 32;
  }
  makeRoom();
  if (++longCount > LONG_LIMIT || load<u64>(longTable, LONG_SIZE - 64) != 0) {
    memory.fill(longTable, 0, LONG_SIZE);
    longCount = 1;
  }
  entry = first;
  while (load<u64>(entry) != 0) entry += 32;
  store<u64>(KEY, low);
  store<u64>(KEY, high, 8);
  const count = cutAscii(length);
  store<u64>(entry, low);
  store<u64>(entry, high, 8);
  if (count <= 3) {
    v128.store(entry, v128.load(PIECES), 16);
  } else {
    store<u32>(entry, putInPool(PIECES, count), 16);
  }
  store<u32>(entry, count, 28);
  return entry;
}

/** The entry of a span of 1 to 32 bytes, or the free slot that `fillSpan` may fill. */
export function findSpan(start: usize, length: usize): usize {
  const low = v128.and(v128.load(start), v128.load(KEEP + (min(length, 16) << 4)));
  const high = length > 16 ? v128.and(v128.load(start, 16), v128.load(KEEP + ((length - 16) << 4))) : i64x2.splat(0);
  const hash =
    v128.extract_lane<u64>(low, 0) * HASH_1 +
    v128.extract_lane<u64>(low, 1) * HASH_2 +
    v128.extract_lane<u64>(high, 0) * HASH_3 +
    v128.extract_lane<u64>(high, 1) * HASH_4;
  const first = spanTable + (<usize>((hash ^ (hash >> 29)) * HASH_1 >> (64 - SPAN_BITS)) << 6);
  let entry = first;
  while (load<u32>(entry, 32) != 0) {
    const other = v128.or(v128.xor(v128.load(entry), low), v128.xor(v128.load(entry, 16), high));
    // The length tells "a" from "a" and a NUL.
    if (!v128.any_true(other) && <usize>load<u8>(entry, 35) == length) return entry;
    entry += 64;
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
  if (++spanCount > SPAN_LIMIT || load<u32>(spanTable, SPAN_SIZE - 128 + 32) != 0) {
    memory.fill(spanTable, 0, SPAN_SIZE);
    spanCount = 0;
    return;
  }
  store<u32>(entry, (<u32>count + 1) | (<u32>length << 24), 32);
  if (count <= SPAN_INLINE) memory.copy(entry + 36, ids, <usize>count << 2);
  else store<u32>(entry, putInPool(ids, count), 36);
}
