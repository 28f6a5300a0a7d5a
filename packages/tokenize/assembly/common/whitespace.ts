// The White_Space property of Unicode, which has been the same for long.
import { decode } from './utf8';

export function isWhitespace(codePoint: u32): bool {
  if (codePoint < 0x80) return codePoint == 0x20 || codePoint - 9 < 5;
  if (codePoint < 0x1680) return codePoint == 0x85 || codePoint == 0xa0;
  if (codePoint < 0x2000) return codePoint == 0x1680;
  if (codePoint > 0x3000) return false;
  return (
    codePoint <= 0x200a ||
    codePoint == 0x2028 ||
    codePoint == 0x2029 ||
    codePoint == 0x202f ||
    codePoint == 0x205f ||
    codePoint == 0x3000
  );
}

/** Where the character begins that ends before p. */
@inline export function before(p: usize): usize {
  let at = p - 1;
  while ((<u32>load<u8>(at) & 0xc0) == 0x80) at--;
  return at;
}

/** Where the whitespace at the end of [start, end) begins. */
export function trimEnd(start: usize, end: usize): usize {
  let p = end;
  while (p > start) {
    const at = before(p);
    if (!isWhitespace(decode(at) & 0x1fffff)) break;
    p = at;
  }
  return p;
}

/** Where the whitespace at the beginning of [start, end) ends. */
export function trimStart(start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    const decoded = decode(p);
    if (!isWhitespace(decoded & 0x1fffff)) break;
    p += <usize>(decoded >> 24);
  }
  return p;
}
