import { bitsOf } from './words';

// What is counted of rows before they are masked: src/rows/label.ts.

/** The class of ids that are never masked, as src/select/words.ts has it. */
const PROTECTED: u8 = 2;

@inline function isProtected(table: usize, size: u32, id: u32): u32 {
  return id < size && load<u8>(table + id) === PROTECTED ? 1 : 0;
}

/**
 * Counts those of `count` ids that are protected. `table` has the class of each of `size` ids; the ids from `firstFree` on, `free`
 * of them, are known not to be protected. Ids that are not below `size` are not either.
 */
export function countProtected(count: u32, ids: usize, table: usize, size: u32, firstFree: u32, free: u32): u32 {
  const first = i32x4.splat(firstFree);
  const frees = i32x4.splat(free);
  const end = ids + (<usize>count << 2);
  let found: u32 = 0;
  for (; ids + 64 <= end; ids += 64) {
    let others = bitsOf(
      i32x4.ge_u(i32x4.sub(v128.load(ids), first), frees),
      i32x4.ge_u(i32x4.sub(v128.load(ids, 16), first), frees),
      i32x4.ge_u(i32x4.sub(v128.load(ids, 32), first), frees),
      i32x4.ge_u(i32x4.sub(v128.load(ids, 48), first), frees),
    );
    for (; others !== 0; others &= others - 1) {
      found += isProtected(table, size, load<u32>(ids + (<usize>ctz(others) << 2)));
    }
  }
  for (; ids < end; ids += 4) found += isProtected(table, size, load<u32>(ids));
  return found;
}

/**
 * Counts the ids at the end of each of `count` rows, which follow one another, that are `padId`; `padding` gets one u32 a row.
 * @returns their sum
 */
export function countPadding(count: i32, lengths: usize, ids: usize, padId: u32, padding: usize): u32 {
  let sum: u32 = 0;
  for (let i = 0; i < count; i++) {
    const row = <usize>i << 2;
    const length = load<u32>(lengths + row);
    let last = length;
    while (last > 0 && load<u32>(ids + (<usize>(last - 1) << 2)) === padId) last--;
    store<u32>(padding + row, length - last);
    sum += length - last;
    ids += <usize>length << 2;
  }
  return sum;
}
