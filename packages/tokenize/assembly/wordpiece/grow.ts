// Tables of open addressing that grow where they stand. Entries are found by the leading bits of their hash, from there on
// slot by slot without wrapping around. Behind the last slot that a hash leads to there are some to spare, of which the last
// is never filled, so that every search ends.

/** Slots to spare at a table's end. */
const SPARE: usize = 64;

/** Bytes of a table. */
@inline export function tableBytes(bits: u32, slotBytes: usize): usize {
  return (((<usize>1) << <usize>bits) + SPARE) * slotBytes;
}

/** So many entries are the most that a table takes: fewer where it can grow, since searches are shorter in a table with room. */
@inline export function tableLimit(bits: u32, mostBits: u32): u32 {
  return ((<u32>1 << bits) / 10) * (bits < mostBits ? 4 : 6);
}

/** Bytes that a table needs to grow until it has this size. */
@inline export function rangeBytes(bits: u32, slotBytes: usize): usize {
  return tableBytes(bits - 1, slotBytes) << 1;
}

/**
 * Doubles a table. It is copied behind itself, and from there its entries go to their new places in the order in which they
 * stand. None of them is overwritten before it has moved: the entry in slot s of n + SPARE goes to slot s + n at most, and
 * is taken from slot s + n + SPARE. (Say that it goes to slot t, and that g begins the run of filled slots that ends there.
 * The entries of the run hashed to g or behind it, so they stood between slots g / 2 and s of the old table, where there is
 * room for s - g / 2 + 1. Thus t - g <= s - g / 2 and t <= s + g / 2, rounded up, and g / 2 < n.)
 * @param filled where a slot has four bytes that are 0 as long as it is free
 * @param homeOf where the search for an entry begins in the table as it is to be
 */
export function growTable(table: usize, bytes: usize, slotBytes: usize, filled: usize, homeOf: (entry: usize) => usize): void {
  const end = table + (bytes << 1);
  memory.copy(table + bytes, table, bytes);
  memory.fill(table, 0, bytes);
  for (let from = table + bytes; from < end; from += slotBytes) {
    if (load<u32>(from + filled) == 0) continue;
    let to = homeOf(from);
    while (load<u32>(to + filled) != 0) to += slotBytes;
    memory.copy(to, from, slotBytes);
    memory.fill(from, 0, slotBytes);
  }
}
