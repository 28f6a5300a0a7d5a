// Any normalizer that works character by character, but for a few characters that change with what is beside them. What
// becomes of a character is an entry of 4 bytes: SAME, MEETS, DOUBLED, or where its replacement stands. The host fills the
// entries page by page as texts need them, and normalizes characters that meet others together with these.
import { allocate, reach } from './heap';
import { fillPage, normalizeCluster } from './host';
import { decode, sizeOf } from './utf8';
import { trimEnd, trimStart } from './whitespace';

/** Stays as it is, whatever is beside it. */
const SAME: u32 = 3;
/** Depends on the characters beside it. */
const MEETS: u32 = 1;
/** Depends on the characters beside it only if one of them is the same. */
const DOUBLED: u32 = 2;
/** Not known yet. */
const UNKNOWN: u32 = 0;

export const STRIPS_LEFT: u32 = 1;
export const STRIPS_RIGHT: u32 = 2;
export const STRIPS_RIGHT_LAST: u32 = 4;
/** Of several spaces together one is left. */
export const COLLAPSES: u32 = 8;
export const LOWERS_ASCII: u32 = 16;
export const NORMALIZES: u32 = 32;
/** The host normalizes whole segments. */
export const BY_HOST: u32 = 64;

let flags: u32 = 0;
let entries: usize = 0;
let replacements: usize = 0;
/** 16 bytes: for each low nibble of an ASCII character a bit for each high one, set if it is copied as it is. */
let plain: v128 = i64x2.splat(0);
/** Room for normalized text, the last region but for what a word needs. */
let buffer: usize = 0;

/** Where the normalized text ends; it begins at `normalizedStart`. */
export let normalizedStart: usize = 0;
export let normalizedEnd: usize = 0;

/** Places for the entries of all code points, and for so many bytes of replacements: 2 for the length, then the bytes. */
export function setUpNormalizer(settings: u32, replacementBytes: usize): void {
  flags = settings;
  if (!(settings & NORMALIZES)) return;
  entries = allocate(0x110000 * 4);
  replacements = allocate(replacementBytes);
}

/** The tables that the host fills: entries, replacements. */
export function normalizerTable(index: i32): usize {
  return index == 0 ? entries : replacements;
}

/** After the entries of the first page are filled: which characters of ASCII are the same. */
export function setPlain(low: u64, high: u64): void {
  plain = i64x2.replace_lane(i64x2.splat(low), 1, high);
}

export function setNormalBuffer(at: usize): void {
  buffer = at;
}

/** Whether whitespace at the beginning of a segment is taken away. */
export function stripsStart(): bool {
  return (flags & STRIPS_LEFT) != 0;
}

/** Normalizes [start, end); the outcome is where `normalizedStart` and `normalizedEnd` say, perhaps in place. */
export function normalize(start: usize, end: usize): void {
  let from = start;
  let to = end;
  if (flags & STRIPS_LEFT) from = trimStart(from, to);
  if (flags & STRIPS_RIGHT) to = trimEnd(from, to);
  normalizedStart = from;
  normalizedEnd = to;
  if (flags & BY_HOST) {
    normalizedStart = buffer + 64;
    normalizedEnd = normalizedStart + normalizeCluster(from, to, normalizedStart);
  } else if (flags & NORMALIZES) {
    const changed = firstChange(from, to);
    if (changed < to) {
      normalizedStart = buffer + 64;
      normalizedEnd = rewrite(from, changed, to);
    }
  }
  if (flags & STRIPS_RIGHT_LAST) normalizedEnd = trimEnd(normalizedStart, normalizedEnd);
}

/** Whether all 16 bytes are characters of ASCII that are copied as they are, or made small letters. */
@inline function arePlain(v: v128): bool {
  const row = i8x16.swizzle(plain, v128.and(v, i8x16.splat(15)));
  // The bit of a high nibble; none for bytes that are no ASCII.
  const bit = i8x16.swizzle(i64x2.replace_lane(i64x2.splat(0x8040201008040201), 1, 0), i8x16.shr_u(v, 4));
  return i8x16.all_true(v128.and(row, bit));
}

@inline function hasCapitals(v: v128): bool {
  return v128.any_true(capitals(v));
}

@inline function capitals(v: v128): v128 {
  return i8x16.gt_s(i8x16.add(v, i8x16.splat(127 - 0x5a)), i8x16.splat(126 - 25));
}

@inline function hasSpaces(at: usize): bool {
  const space = i8x16.splat(0x20);
  return v128.any_true(v128.and(i8x16.eq(v128.load(at), space), i8x16.eq(v128.load(at, 1), space)));
}

/** Where the first character stands that may change, or `end`. */
function firstChange(start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    const v = v128.load(p);
    if (p + 16 <= end && arePlain(v)) {
      if (flags & LOWERS_ASCII && hasCapitals(v)) return p;
      if (flags & COLLAPSES && hasSpaces(p)) return p;
      p += 16;
      continue;
    }
    const stop = min(p + 16, end);
    while (p < stop) {
      const decoded = decode(p);
      const entry = entryOf(decoded & 0x1fffff);
      if (entry != SAME && !(entry == DOUBLED && !isDoubled(start, p, end))) return p;
      const isSpace = flags & COLLAPSES && (decoded & 0x1fffff) == 0x20;
      if (isSpace && p + 1 < end && load<u8>(p, 1) == 0x20) return p;
      p += sizeOf(decoded);
    }
  }
  return end;
}

@inline function entryOf(codePoint: u32): u32 {
  const entry = load<u32>(entries + (<usize>codePoint << 2));
  if (entry != UNKNOWN) return entry;
  fillPage(codePoint >> 8);
  return load<u32>(entries + (<usize>codePoint << 2));
}

/** Characters that are doubled are of ASCII. */
@inline function isDoubled(start: usize, p: usize, end: usize): bool {
  const byte = load<u8>(p);
  return (p > start && load<u8>(p - 1) == byte) || (p + 1 < end && load<u8>(p, 1) == byte);
}

@inline function meets(start: usize, p: usize, end: usize, codePoint: u32): bool {
  const entry = entryOf(codePoint);
  return entry == MEETS || (entry == DOUBLED && isDoubled(start, p, end));
}

/** Writes the normalized text, of which the part before `from` is as it was; returns where it ends. */
function rewrite(start: usize, changed: usize, end: usize): usize {
  // A character that meets others may change the one before.
  let p = changed;
  if (p > start) {
    p--;
    while ((<u32>load<u8>(p) & 0xc0) == 0x80) p--;
  }
  let out = buffer + 64;
  reach(out + (p - start) + 64);
  memory.copy(out, start, p - start);
  out += p - start;
  /** The character before, and where it was written. */
  let last = p;
  let lastOut = out;
  const first = buffer + 64;
  while (p < end) {
    reach(out + 256);
    const v = v128.load(p);
    if (p + 16 <= end && arePlain(v) && !(flags & COLLAPSES && (hasSpaces(p) || endsInSpace(first, out)))) {
      v128.store(out, flags & LOWERS_ASCII ? v128.or(v, v128.and(capitals(v), i8x16.splat(0x20))) : v);
      p += 16;
      out += 16;
      last = p - 1;
      lastOut = out - 1;
      continue;
    }
    const stop = min(p + 16, end);
    while (p < stop) {
      const decoded = decode(p);
      const codePoint = decoded & 0x1fffff;
      const size = sizeOf(decoded);
      const entry = entryOf(codePoint);
      if (entry == MEETS || (entry == DOUBLED && isDoubled(start, p, end))) {
        if (p > start) out = lastOut;
        else last = p;
        const to = clusterEnd(start, p + size, end);
        const length = normalizeCluster(last, to, out);
        out = flags & COLLAPSES ? collapse(first, out, length) : out + length;
        reach(out + 256);
        p = to;
        // What was normalized with others is not taken back: a character that meets others would have been among them.
        last = to;
        lastOut = out;
        continue;
      }
      last = p;
      lastOut = out;
      p += size;
      if (entry == SAME || entry == DOUBLED) {
        if (flags & COLLAPSES && codePoint == 0x20 && endsInSpace(first, out)) continue;
        store<u32>(out, load<u32>(last));
        out += size;
        continue;
      }
      const length = <usize>load<u16>(<usize>entry);
      reach(out + length + 64);
      memory.copy(out, <usize>entry + 2, length);
      out = flags & COLLAPSES ? collapse(first, out, length) : out + length;
    }
  }
  return out;
}

/** The end of the characters that meet each other from p on, and of the one after them. */
function clusterEnd(start: usize, from: usize, end: usize): usize {
  let p = from;
  while (p < end) {
    let decoded = decode(p);
    if (meets(start, p, end, decoded & 0x1fffff)) {
      p += sizeOf(decoded);
      continue;
    }
    p += sizeOf(decoded);
    if (p >= end) return end;
    decoded = decode(p);
    if (!meets(start, p, end, decoded & 0x1fffff)) return p;
  }
  return end;
}

@inline function endsInSpace(first: usize, out: usize): bool {
  return out > first && load<u8>(out - 1) == 0x20;
}

/** Takes second spaces out of what was just written at `out`; returns where it ends. */
function collapse(first: usize, out: usize, length: usize): usize {
  let to = out;
  for (let p = out; p < out + length; p++) {
    const byte = load<u8>(p);
    if (byte == 0x20 && endsInSpace(first, to)) continue;
    store<u8>(to++, byte);
  }
  return to;
}
