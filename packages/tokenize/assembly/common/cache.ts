// Ids of the words seen before. The table has a fixed size: when it is full it is emptied, which happens so seldom that
// filling it again costs next to nothing.
import { allocate, KEEP } from './heap';
import { write } from './output';

const HASH_1: u64 = 0x9e3779b97f4a7c15;
const HASH_2: u64 = 0xc2b2ae3d27d4eb4f;
const HASH_3: u64 = 0x165667b19e3779f9;
const HASH_4: u64 = 0xd6e8feb86659fd93;

/** Words of more bytes are not kept. */
export const CACHED_BYTES: usize = 32;
// 64 bytes a slot: the word's bytes, count + 1 | key << 24, seven ids or their place in the pool. Found by open addressing
// without wrapping around; of the slots to spare at the end, the last is never filled, so that every search ends.
const BITS: u64 = 17;
const SIZE: usize = (64 << <usize>BITS) + 4096;
const LIMIT: u32 = ((<u32>1 << <u32>BITS) / 10) * 6;
const INLINE: u32 = 7;
/** Ids of words that have more than their slots take. */
const POOL_IDS: u32 = 1 << 20;

let table: usize = 0;
let pool: usize = 0;
let words: u32 = 0;
let pooled: u32 = 0;

export function setUpCache(): void {
  for (let n: usize = 0; n <= 32; n++) {
    for (let i: usize = 0; i < 32; i++) store<u8>(KEEP + (n << 5) + i, i < n ? 255 : 0);
  }
  table = allocate(SIZE);
  pool = allocate(<usize>POOL_IDS << 2);
}

function empty(): void {
  memory.fill(table, 0, SIZE);
  words = pooled = 0;
}

/**
 * The slot of a word of at most CACHED_BYTES bytes, which `isFilled` or `fill` may fill.
 * @param mark 64 for a word that is other than its bytes say, else 0
 */
@inline export function find(start: usize, length: usize, mark: u32): usize {
  const low = v128.and(v128.load(start), v128.load(KEEP + (length << 5)));
  let hash = v128.extract_lane<u64>(low, 0) * HASH_1 + v128.extract_lane<u64>(low, 1) * HASH_2;
  const key = <u32>length | mark;
  if (length <= 16) {
    let slot = slotOf(hash);
    while (load<u32>(slot, 32) != 0) {
      if (!v128.any_true(v128.xor(v128.load(slot), low)) && <u32>load<u8>(slot, 35) == key) return slot;
      slot += 64;
    }
    v128.store(slot, low);
    return slot;
  }
  const high = v128.and(v128.load(start, 16), v128.load(KEEP + (length << 5), 16));
  hash += v128.extract_lane<u64>(high, 0) * HASH_3 + v128.extract_lane<u64>(high, 1) * HASH_4;
  let slot = slotOf(hash);
  while (load<u32>(slot, 32) != 0) {
    const other = v128.or(v128.xor(v128.load(slot), low), v128.xor(v128.load(slot, 16), high));
    if (!v128.any_true(other) && <u32>load<u8>(slot, 35) == key) return slot;
    slot += 64;
  }
  v128.store(slot, low);
  v128.store(slot, high, 16);
  return slot;
}

@inline function slotOf(hash: u64): usize {
  return table + (<usize>(((hash ^ (hash >> 29)) * HASH_1) >> (64 - BITS)) << 6);
}

@inline export function isFilled(slot: usize): bool {
  return load<u32>(slot, 32) != 0;
}

/** Writes the ids of a filled slot at `out`, where there is room for seven at least; returns the address after them. */
@inline export function copyIds(slot: usize, out: usize): usize {
  const count = (load<u32>(slot, 32) & 0xffffff) - 1;
  if (count > INLINE) return write(pool + (<usize>load<u32>(slot, 36) << 2), count);
  v128.store(out, v128.load(slot, 36));
  v128.store(out, v128.load(slot, 48), 12);
  return out + (<usize>count << 2);
}

/** Fills the slot that `find` just returned. */
export function fill(slot: usize, length: usize, mark: u32, ids: usize, count: u32): void {
  if (words >= LIMIT || pooled + count > POOL_IDS || load<u32>(table, SIZE - 128 + 32) != 0) {
    empty();
    return;
  }
  words++;
  store<u32>(slot, (count + 1) | ((<u32>length | mark) << 24), 32);
  if (count <= INLINE) {
    memory.copy(slot + 36, ids, <usize>count << 2);
    return;
  }
  memory.copy(pool + (<usize>pooled << 2), ids, <usize>count << 2);
  store<u32>(slot, pooled, 36);
  pooled += count;
}
