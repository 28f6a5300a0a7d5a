// Classes of ids as bits: src/select/words.ts says what they mean.

/**
 * Writes one bit a position for the class's bit 0 (`begins`) and bit 1 (`isProtected`), ceil(length / 32) words a row, one row
 * after the other. `table` has a byte an id, `size` of them; `bytes` is room for 32 bytes.
 * @returns the index of the first id that is not below `size`, or -1
 */
export function classBits(
  count: i32, lengths: usize, ids: usize, table: usize, size: u32, bytes: usize, begins: usize, isProtected: usize,
): i32 {
  let at = ids;
  let word: usize = 0;
  for (let i = 0; i < count; i++) {
    let left = load<u32>(lengths + (<usize>i << 2));
    while (left > 0) {
      const here: u32 = left < 32 ? left : 32;
      for (let j: u32 = 0; j < here; j++) {
        const id = load<u32>(at + (<usize>j << 2));
        if (id >= size) return <i32>((at - ids) >>> 2) + j;
        store<u8>(bytes + j, load<u8>(table + id));
      }
      const first = v128.load(bytes);
      const last = v128.load(bytes, 16);
      const inRow: u32 = here === 32 ? 0xffffffff : (1 << here) - 1;
      const begun = i8x16.bitmask(i8x16.shl(first, 7)) | (i8x16.bitmask(i8x16.shl(last, 7)) << 16);
      const kept = i8x16.bitmask(i8x16.shl(first, 6)) | (i8x16.bitmask(i8x16.shl(last, 6)) << 16);
      store<u32>(begins + word, begun & inRow);
      store<u32>(isProtected + word, kept & inRow);
      word += 4;
      at += <usize>here << 2;
      left -= here;
    }
  }
  return -1;
}
