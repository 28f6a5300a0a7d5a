// Tokens such as <mask> that are recognised in the text itself. A set of them, as the host lays it out: four tables of 16
// bytes to find their first two bytes with (a bit for each of eight groups), then for each first byte where its tokens
// stand, as an offset in the set; a token: its id, its length and flags, its bytes. The longest comes first, and a length of
// 0 ends the list.
import { isWordCharacter } from './host';
import { writeId } from './output';
import { decode } from './utf8';
import { before, isWhitespace } from './whitespace';

const FIRST: usize = 64;
const LEFT: u32 = 1 << 24;
const RIGHT: u32 = 2 << 24;
const SINGLE_WORD: u32 = 4 << 24;

/** The token that `findToken` found. */
let found: usize = 0;

/** Where the first token begins in [from, end), or `end`. */
function findToken(set: usize, from: usize, end: usize): usize {
  const low1 = v128.load(set);
  const high1 = v128.load(set, 16);
  const low2 = v128.load(set, 32);
  const high2 = v128.load(set, 48);
  const nibble = i8x16.splat(15);
  for (let at = from; at < end; at += 16) {
    const v = v128.load(at);
    const w = v128.load(at, 1);
    const one = v128.and(i8x16.swizzle(low1, v128.and(v, nibble)), i8x16.swizzle(high1, i8x16.shr_u(v, 4)));
    const two = v128.and(i8x16.swizzle(low2, v128.and(w, nibble)), i8x16.swizzle(high2, i8x16.shr_u(w, 4)));
    const hit = v128.and(one, two);
    if (!v128.any_true(hit)) continue;
    let hits = i8x16.bitmask(i8x16.ne(hit, i8x16.splat(0)));
    while (hits != 0) {
      const p = at + <usize>ctz<i32>(hits);
      hits &= hits - 1;
      if (p >= end) return end;
      if (isToken(set, p, end)) return p;
    }
  }
  return end;
}

function isToken(set: usize, p: usize, end: usize): bool {
  const offset = load<u32>(set + FIRST + (<usize>load<u8>(p) << 2));
  if (offset == 0) return false;
  let token = set + <usize>offset;
  let length: usize = 0;
  while ((length = <usize>(load<u32>(token, 4) & 0xffffff)) != 0) {
    if (length <= end - p && memory.compare(token + 8, p, length) == 0) {
      found = token;
      return true;
    }
    token = (token + 8 + length + 3) & ~3;
  }
  return false;
}

/**
 * Goes through [start, end): gives the text between tokens to `encode`, with whether nothing was before it, and writes the
 * ids of the tokens.
 */
export function parted(set: usize, start: usize, end: usize, encode: (start: usize, end: usize, first: bool) => void): void {
  if (set == 0) {
    if (start < end) encode(start, end, true);
    return;
  }
  let last = start;
  let at = start;
  let first = true;
  for (;;) {
    const p = findToken(set, at, end);
    if (p == end) break;
    const token = found;
    const flags = load<u32>(token, 4);
    let from = p;
    let to = p + <usize>(flags & 0xffffff);
    at = to;
    if (flags & SINGLE_WORD && touchesWord(start, end, from, to)) continue;
    if (flags & LEFT) {
      while (from > last && isWhitespace(decode(before(from)) & 0x1fffff)) from = before(from);
    }
    if (flags & RIGHT) {
      while (to < end) {
        const decoded = decode(to);
        if (!isWhitespace(decoded & 0x1fffff)) break;
        to += <usize>(decoded >> 24);
      }
    }
    if (from > last) encode(last, from, first);
    writeId(load<i32>(token));
    last = to;
    first = false;
  }
  if (last < end) encode(last, end, first);
}

function touchesWord(start: usize, end: usize, from: usize, to: usize): bool {
  if (from > start && isWordCharacter(decode(before(from)) & 0x1fffff)) return true;
  return to < end && isWordCharacter(decode(to) & 0x1fffff);
}
