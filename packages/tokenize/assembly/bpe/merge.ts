// Byte-pair encoding of one word: of all pairs of symbols that stand side by side, the one of the lowest rank is merged, the
// leftmost first, until no pair has a rank (src/model/bpe.ts).
import { allocate, BYTE_IDS, reach, SYMBOLS } from '../common/heap';

const NONE: u32 = 0xffffffff;
/** Words of more bytes take a queue of pairs: to look through all pairs each time would take too long. */
const SHORT: usize = 256;

/** Open addressing; 16 bytes a slot: the pair of ids + 1, its rank, the merged id. */
let pairs: usize = 0;
let pairShift: u64 = 0;
let pairMask: usize = 0;

let unknown: i32 = -1;
let fuses: bool = false;
/** The merged id of the pair that `rankOf` found. */
let merged: u32 = 0;

/** @param unknownId for a byte that has no token, or -1 to leave it out @param fusesUnknown several such bytes give one id */
export function setUpMerges(count: u32, unknownId: i32, fusesUnknown: bool): void {
  let bits: u32 = 10;
  while ((<u32>1 << bits) < count * 2) bits++;
  pairs = allocate(<usize>16 << <usize>bits);
  pairShift = 64 - bits;
  pairMask = (<usize>1 << <usize>bits) - 1;
  unknown = unknownId;
  fuses = fusesUnknown;
}

/** Adds pairs, 12 bytes each: two ids and the merged one; where one comes twice, the later rank counts. */
export function addMerges(at: usize, count: u32): void {
  for (let rank: u32 = 0; rank < count; rank++) {
    const merge = at + <usize>rank * 12;
    const key = keyOf(load<u32>(merge), load<u32>(merge, 4));
    let slot = pairs + (slotOf(key) << 4);
    while (load<u64>(slot) != 0 && load<u64>(slot) != key) slot = pairs + ((slot - pairs + 16) & ((pairMask << 4) | 15));
    store<u64>(slot, key);
    store<u32>(slot, rank, 8);
    store<u32>(slot, load<u32>(merge, 8), 12);
  }
}

@inline function keyOf(left: u32, right: u32): u64 {
  return (((<u64>left) << 32) | <u64>right) + 1;
}

@inline function slotOf(key: u64): usize {
  const mixed = (key ^ (key >> 32)) * 0x9e3779b97f4a7c15;
  return <usize>((mixed ^ (key * 0xd6e8feb86659fd93)) >> pairShift);
}

/** The rank of a pair's merge, or NONE. */
@inline export function rankOf(left: u32, right: u32): u32 {
  const key = keyOf(left, right);
  let slot = slotOf(key);
  let found: u64 = 0;
  while ((found = load<u64>(pairs + (slot << 4))) != 0) {
    if (found == key) {
      merged = load<u32>(pairs + (slot << 4), 12);
      return load<u32>(pairs + (slot << 4), 8);
    }
    slot = (slot + 1) & pairMask;
  }
  return NONE;
}

/** Where the ids of the word that `merge` merged last stand. */
export let mergedIds: usize = 0;

/** Merges the word of bytes [start, end); returns how many ids it has. @param scratch free memory from there on */
export function merge(start: usize, end: usize, scratch: usize): u32 {
  if (end - start <= SHORT) {
    mergedIds = SYMBOLS;
    const count = symbols(start, end, SYMBOLS);
    return mergeShort(count);
  }
  reach(scratch + (end - start) * 40 + 64);
  mergedIds = scratch;
  return mergeLong(symbols(start, end, scratch), scratch);
}

/** Writes the id of each byte; returns how many there are. */
@inline function symbols(start: usize, end: usize, at: usize): u32 {
  let to = at;
  let afterUnknown = false;
  for (let p = start; p < end; p++) {
    const id = load<i32>(BYTE_IDS + (<usize>load<u8>(p) << 2));
    if (id >= 0) {
      store<i32>(to, id);
      to += 4;
    } else if (unknown >= 0 && !(afterUnknown && fuses)) {
      store<i32>(to, unknown);
      to += 4;
    }
    afterUnknown = id < 0;
  }
  return <u32>((to - at) >> 2);
}

/** Looks through all ranks for each merge; ids, ranks of the pairs that begin there and what they merge to side by side. */
function mergeShort(symbolCount: u32): u32 {
  const ids = SYMBOLS;
  const ranks = SYMBOLS + 1088;
  const results = SYMBOLS + 2176;
  let count = <usize>symbolCount;
  for (let i: usize = 0; i + 1 < count; i++) {
    const rank = rankOf(load<u32>(ids + (i << 2)), load<u32>(ids + (i << 2), 4));
    store<u32>(ranks + (i << 2), rank);
    store<u32>(results + (i << 2), merged);
  }
  while (count > 1) {
    let least = NONE;
    let place: usize = 0;
    const last = (count - 1) << 2;
    for (let i: usize = 0; i < last; i += 4) {
      const rank = load<u32>(ranks + i);
      const isLess = rank < least;
      least = isLess ? rank : least;
      place = isLess ? i : place;
    }
    if (least == NONE) return <u32>count;
    store<u32>(ids + place, load<u32>(results + place));
    count--;
    const moved = ((count - 1) << 2) - place;
    if (moved > 0) {
      move(ids + place + 4, moved);
      move(ranks + place, moved);
      move(results + place, moved);
    }
    if (place + 4 < count << 2) {
      store<u32>(ranks + place, rankOf(load<u32>(ids + place), load<u32>(ids + place, 4)));
      store<u32>(results + place, merged);
    }
    if (place > 0) {
      store<u32>(ranks + place - 4, rankOf(load<u32>(ids + place - 4), load<u32>(ids + place)));
      store<u32>(results + place - 4, merged);
    }
  }
  return <u32>count;
}

/** Moves what comes after a place one place down. */
@inline function move(to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, v128.load(to + i, 4));
}

/**
 * A linked list of symbols and a heap of the pairs that may be merged: 40 bytes a symbol, for its id, the next, the one
 * before, and up to three entries of the heap.
 */
function mergeLong(count: u32, ids: usize): u32 {
  const n = <usize>count;
  const next = ids + (n << 2);
  const last = next + (n << 2);
  const heap = (last + (n << 2) + 7) & ~7;
  let size: usize = 0;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(next + (<usize>i << 2), i + 1);
    store<u32>(last + (<usize>i << 2), i - 1);
  }
  for (let i: u32 = 0; i + 1 < count; i++) {
    const rank = rankOf(load<u32>(ids + (<usize>i << 2)), load<u32>(ids + (<usize>i << 2), 4));
    if (rank != NONE) size = push(heap, size, ((<u64>rank) << 32) | <u64>i);
  }
  while (size > 0) {
    const item = load<u64>(heap);
    size = pop(heap, size);
    const at = <usize>(item & 0xffffffff) << 2;
    const id = load<u32>(ids + at);
    const to = <usize>load<u32>(next + at);
    // A symbol that went into the one before has no id any more.
    if (id == NONE || to >= n) continue;
    if (rankOf(id, load<u32>(ids + (to << 2))) != <u32>(item >> 32)) continue;
    const result = merged;
    const after = <usize>load<u32>(next + (to << 2));
    store<u32>(ids + at, result);
    store<u32>(ids + (to << 2), NONE);
    store<u32>(next + at, <u32>after);
    if (after < n) {
      store<u32>(last + (after << 2), <u32>(at >> 2));
      const rank = rankOf(result, load<u32>(ids + (after << 2)));
      if (rank != NONE) size = push(heap, size, ((<u64>rank) << 32) | <u64>(at >> 2));
    }
    const earlier = load<u32>(last + at);
    if (earlier != NONE) {
      const rank = rankOf(load<u32>(ids + (<usize>earlier << 2)), result);
      if (rank != NONE) size = push(heap, size, ((<u64>rank) << 32) | <u64>earlier);
    }
  }
  let to = ids;
  for (let i: usize = 0; i < n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id == NONE) continue;
    store<u32>(to, id);
    to += 4;
  }
  return <u32>((to - ids) >> 2);
}

function push(heap: usize, size: usize, item: u64): usize {
  let i = size;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    const above = load<u64>(heap + (parent << 3));
    if (above <= item) break;
    store<u64>(heap + (i << 3), above);
    i = parent;
  }
  store<u64>(heap + (i << 3), item);
  return size + 1;
}

/** Takes the least item out. */
function pop(heap: usize, size: usize): usize {
  const left = size - 1;
  const item = load<u64>(heap + (left << 3));
  let i: usize = 0;
  for (;;) {
    let child: usize = 2 * i + 1;
    if (child >= left) break;
    let least = load<u64>(heap + (child << 3));
    if (child + 1 < left && load<u64>(heap + ((child + 1) << 3)) < least) least = load<u64>(heap + (++child << 3));
    if (least >= item) break;
    store<u64>(heap + (i << 3), least);
    i = child;
  }
  store<u64>(heap + (i << 3), item);
  return left;
}
