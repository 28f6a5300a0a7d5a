// Classes of ids as bits: src/select/words.ts says what they mean.

/** Whether 32 ids are all below `size`. */
@inline export function areBelow(ids: usize, size: v128): bool {
  return i32x4.all_true(
    v128.and(
      v128.and(
        v128.and(i32x4.lt_u(v128.load(ids), size), i32x4.lt_u(v128.load(ids, 16), size)),
        v128.and(i32x4.lt_u(v128.load(ids, 32), size), i32x4.lt_u(v128.load(ids, 48), size)),
      ),
      v128.and(
        v128.and(i32x4.lt_u(v128.load(ids, 64), size), i32x4.lt_u(v128.load(ids, 80), size)),
        v128.and(i32x4.lt_u(v128.load(ids, 96), size), i32x4.lt_u(v128.load(ids, 112), size)),
      ),
    ),
  );
}

/** The bytes of a table at 16 ids. */
@inline export function lookUp(table: usize, ids: usize): v128 {
  let bytes = i64x2.splat(0);
  bytes = v128.load_lane<u8>(table + load<u32>(ids), bytes, 0);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 4), bytes, 1);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 8), bytes, 2);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 12), bytes, 3);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 16), bytes, 4);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 20), bytes, 5);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 24), bytes, 6);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 28), bytes, 7);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 32), bytes, 8);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 36), bytes, 9);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 40), bytes, 10);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 44), bytes, 11);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 48), bytes, 12);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 52), bytes, 13);
  bytes = v128.load_lane<u8>(table + load<u32>(ids, 56), bytes, 14);
  return v128.load_lane<u8>(table + load<u32>(ids, 60), bytes, 15);
}

/** A bit for each of 16 comparisons. */
@inline export function bitsOf(a: v128, b: v128, c: v128, d: v128): u32 {
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
}

/** Bit 0 of 32 classes, one bit each. */
@inline export function bit0(first: v128, last: v128): u32 {
  return i8x16.bitmask(i8x16.shl(first, 7)) | (i8x16.bitmask(i8x16.shl(last, 7)) << 16);
}

/** Bit 1 of 32 classes, one bit each. */
@inline export function bit1(first: v128, last: v128): u32 {
  return i8x16.bitmask(i8x16.shl(first, 6)) | (i8x16.bitmask(i8x16.shl(last, 6)) << 16);
}

/**
 * Writes one bit a position for the class's bit 0 (`begins`) and bit 1 (`isProtected`), ceil(length / 32) words a row, one row
 * after the other. `table` has a byte an id, `size` of them; `bytes` is room for 32 bytes.
 * @returns the index of the first id that is not below `size`, or -1
 */
export function classBits(
  count: i32, lengths: usize, ids: usize, table: usize, size: u32, bytes: usize, begins: usize, isProtected: usize,
): i32 {
  const sizes = i32x4.splat(size);
  let at = ids;
  for (let i = 0; i < count; i++) {
    let left = load<u32>(lengths + (<usize>i << 2));
    while (left > 0) {
      const here: u32 = left < 32 ? left : 32;
      if (here === 32 && areBelow(at, sizes)) {
        const first = lookUp(table, at);
        const last = lookUp(table, at + 64);
        store<u32>(begins, bit0(first, last));
        store<u32>(isProtected, bit1(first, last));
      } else {
        for (let j: u32 = 0; j < here; j++) {
          const id = load<u32>(at + (<usize>j << 2));
          if (id >= size) return <i32>((at - ids) >>> 2) + j;
          store<u8>(bytes + j, load<u8>(table + id));
        }
        const inRow: u32 = here === 32 ? 0xffffffff : (1 << here) - 1;
        const first = v128.load(bytes);
        const last = v128.load(bytes, 16);
        store<u32>(begins, bit0(first, last) & inRow);
        store<u32>(isProtected, bit1(first, last) & inRow);
      }
      begins += 4;
      isProtected += 4;
      at += <usize>here << 2;
      left -= here;
    }
  }
  return -1;
}
