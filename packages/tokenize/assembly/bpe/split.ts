// The words of byte-level BPE, by the expressions that tokenizers in use have (src/pre-tokenizer/{byte-level,split}.ts). One
// function each gives the end of the word that begins at p: what the expression's first alternative that matches takes.
import { allocate } from '../common/heap';
import { decode, sizeOf } from '../common/utf8';
import { before } from '../common/whitespace';

const LETTER: u32 = 1;
const NUMBER: u32 = 2;
const SPACE: u32 = 3;
/** Carriage return and line feed, which are whitespace too. */
const NEWLINE: u32 = 4;

/** A class for each code point, as the host fills them. */
export let classes: usize = 0;
/** The size of the character that `classAt` looked at. */
let size: usize = 0;

export function setUpClasses(): void {
  classes = allocate(0x110000);
}

@inline function classAt(p: usize): u32 {
  const byte = <u32>load<u8>(p);
  if (byte < 0x80) {
    size = 1;
    return load<u8>(classes + <usize>byte);
  }
  const decoded = decode(p);
  size = sizeOf(decoded);
  return load<u8>(classes + <usize>(decoded & 0x1fffff));
}

/** Where a run of letters ends. */
@inline function lettersEnd(from: usize, end: usize): usize {
  let p = from;
  while (p < end) {
    const v = v128.or(v128.load(p), i8x16.splat(0x20));
    const letters = i8x16.gt_s(i8x16.add(v, i8x16.splat(127 - 0x7a)), i8x16.splat(126 - 25));
    const length = <usize>ctz<i32>(~i8x16.bitmask(letters));
    p += length;
    if (p >= end) return end;
    if (length == 16) continue;
    if (load<u8>(p) < 0x80) return p;
    do {
      if (classAt(p) != LETTER) return p;
      p += size;
    } while (p < end && load<u8>(p) >= 0x80);
  }
  return end;
}

@inline function runEnd(from: usize, end: usize, kind: u32): usize {
  if (kind == LETTER) return lettersEnd(from, end);
  let p = from;
  while (p < end && classAt(p) == kind) p += size;
  return p;
}

@inline function whiteEnd(from: usize, end: usize): usize {
  let p = from;
  while (p < end && classAt(p) >= SPACE) p += size;
  return p;
}

/** Whitespace that begins at p: all at the end of the text, all but the last character before something else. */
@inline function whitespaceWord(p: usize, run: usize, end: usize): usize {
  if (run == end) return run;
  const last = before(run);
  return last > p ? last : run;
}

/** GPT-2's: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` */
export function gpt2Word(p: usize, end: usize): usize {
  const byte = <u32>load<u8>(p);
  if (byte == 0x27) {
    const next = p + 1 < end ? <u32>load<u8>(p, 1) : 0;
    if (next == 0x73 || next == 0x74 || next == 0x6d || next == 0x64) return p + 2;
    if (isTwoLetterEnding(next, p + 2 < end ? <u32>load<u8>(p, 2) : 0)) return p + 3;
  }
  const from = byte == 0x20 && p + 1 < end ? p + 1 : p;
  const kind = classAt(from);
  if (kind < SPACE) return runEnd(from + size, end, kind);
  return whitespaceWord(p, whiteEnd(p, end), end);
}

@inline function isTwoLetterEnding(a: u32, b: u32): bool {
  return (a == 0x72 && b == 0x65) || (a == 0x76 && b == 0x65) || (a == 0x6c && b == 0x6c);
}

/**
 * Llama 3's: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
 * @param digits how many numbers are one word at most: 3, or 1 for Qwen 2
 */
export function llama3Word(p: usize, end: usize, digits: i32): usize {
  if (load<u8>(p) == 0x27) {
    const next = p + 1 < end ? <u32>load<u8>(p, 1) | 0x20 : 0;
    if (next == 0x73 || next == 0x74 || next == 0x6d || next == 0x64) return p + 2;
    if (isTwoLetterEnding(next, p + 2 < end ? <u32>load<u8>(p, 2) | 0x20 : 0)) return p + 3;
    // The long s, which is an s in any case.
    if (p + 2 < end && load<u16>(p, 1) == 0xbfc5) return p + 3;
  }
  const kind = classAt(p);
  const second = p + size;
  if (kind == LETTER) return lettersEnd(second, end);
  if (kind == NUMBER) {
    let q = second;
    for (let count = 1; count < digits && q < end && classAt(q) == NUMBER; count++) q += size;
    return q;
  }
  if (kind != NEWLINE && second < end && classAt(second) == LETTER) return lettersEnd(second + size, end);
  const from = load<u8>(p) == 0x20 ? second : p;
  if (from < end && classAt(from) == 0) {
    let q = runEnd(from + size, end, 0);
    while (q < end && classAt(q) == NEWLINE) q++;
    return q;
  }
  const run = whiteEnd(p, end);
  let lineEnd: usize = 0;
  for (let q = p; q < run; q += size) if (classAt(q) == NEWLINE) lineEnd = q + 1;
  return lineEnd != 0 ? lineEnd : whitespaceWord(p, run, end);
}
