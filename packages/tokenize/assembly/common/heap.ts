// The one linear memory of an encoder: small tables at fixed places, then regions in the order in which they are asked for.
// Every address is a byte offset; loads and stores are little-endian and may be unaligned.

/** Below this stand the compiler's own few data. 33 rows of 32 bytes: row n keeps the first n bytes of two vectors. */
export const KEEP: usize = 2048;
/** The symbols of a short word while they are merged: ids, then ranks, then merged ids; 256 of each. */
export const SYMBOLS: usize = 4096;
/** The id of each byte, or -1. */
export const BYTE_IDS: usize = 8192;
/** The first regions begin here. */
const HEAP: usize = 16384;

let top: usize = HEAP;

/** The next free region; memory grows as needed and is zero where it was never used. */
export function allocate(bytes: usize): usize {
  const at = top;
  top = (top + bytes + 63) & ~63;
  reach(top);
  return at;
}

/** Where the next region will be. */
export function free(): usize {
  return top;
}

/** Gives back everything from an address on. */
export function release(from: usize): void {
  top = from;
}

/** Makes the memory reach to an address. */
export function reach(end: usize): void {
  const missing = <i32>((end + 0xffff) >> 16) - memory.size();
  // By a quarter of a megabyte at least: each time it grows, the host's views of it are lost.
  if (missing > 0 && memory.grow(max(missing, 4)) < 0 && memory.grow(missing) < 0) unreachable();
}
