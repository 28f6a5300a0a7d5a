// UTF-8, one character at a time.

/** Set by `decode` on an ill-formed sequence. */
export const ILL_FORMED: u32 = 1 << 27;

@inline export function sizeOf(decoded: u32): usize {
  return <usize>((decoded >> 24) & 7);
}

@inline function isContinuation(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}

@inline function illFormed(size: u32): u32 {
  return 0xfffd | (size << 24) | ILL_FORMED;
}

/** The character at p, as its code point and, in the bits from 24, its size. Ill-formed: U+FFFD for each maximal subpart. */
export function decode(p: usize): u32 {
  const a: u32 = load<u8>(p);
  if (a < 0x80) return a | (1 << 24);
  const b: u32 = load<u8>(p, 1);
  if (a < 0xe0) {
    if (a < 0xc2 || !isContinuation(b)) return illFormed(1);
    return ((a & 0x1f) << 6) | (b & 0x3f) | (2 << 24);
  }
  if (!isContinuation(b)) return illFormed(1);
  const c: u32 = load<u8>(p, 2);
  if (a < 0xf0) {
    if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f)) return illFormed(1);
    if (!isContinuation(c)) return illFormed(2);
    return ((a & 0x0f) << 12) | ((b & 0x3f) << 6) | (c & 0x3f) | (3 << 24);
  }
  if (a > 0xf4 || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f)) return illFormed(1);
  if (!isContinuation(c)) return illFormed(2);
  const d: u32 = load<u8>(p, 3);
  if (!isContinuation(d)) return illFormed(3);
  return ((a & 0x07) << 18) | ((b & 0x3f) << 12) | ((c & 0x3f) << 6) | (d & 0x3f) | (4 << 24);
}

/** Writes a code point as UTF-8 and returns how many bytes it took. */
export function write(p: usize, c: u32): usize {
  if (c < 0x80) {
    store<u8>(p, c);
    return 1;
  }
  if (c < 0x800) {
    store<u16>(p, (0xc0 | (c >> 6)) | ((0x80 | (c & 0x3f)) << 8));
    return 2;
  }
  if (c < 0x10000) {
    store<u32>(p, (0xe0 | (c >> 12)) | ((0x80 | ((c >> 6) & 0x3f)) << 8) | ((0x80 | (c & 0x3f)) << 16));
    return 3;
  }
  store<u32>(
    p,
    (0xf0 | (c >> 18)) | ((0x80 | ((c >> 12) & 0x3f)) << 8) | ((0x80 | ((c >> 6) & 0x3f)) << 16) | ((0x80 | (c & 0x3f)) << 24),
  );
  return 4;
}
