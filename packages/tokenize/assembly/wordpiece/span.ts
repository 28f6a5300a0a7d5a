// Spans: words that hold anything but ASCII letters and digits, or are longer than 16 bytes. A span is normalized as BERT's
// normalizer does it, and may give several words, or none.
import { copySpan, fillSpan, findSpan, isFilled } from './caches';
import { MAPPING_INDEX, MAPPINGS, SINGLE_IDS } from './memory';
import { decode, ILL_FORMED, sizeOf, write } from '../common/utf8';
import { classOf, DROPPED_STARTER, HANGUL, ITEM_CLASS_SHIFT, ITEM_CODE_POINT, ITEM_SINGLE, ITEM_SPACE, MAPPED, SINGLE, SPACE, WORD } from './unicode';
import { cutWord, maxWordCharacters, unknownId } from './wordpiece';

/** 0x20 where capital letters become small ones, else 0. */
let lowercaseBit: u32 = 0;

/** The normalized word so far, its end and its length in characters. Characters over the limit are counted, not kept. */
let word: usize = 0;
let wordEnd: usize = 0;
let characters: i32 = 0;
/** Combining marks at the word's end: 2 bytes a mark, its class and its size. */
let marks: usize = 0;
let markCount: i32 = 0;
let idsEnd: usize = 0;

export function setUpSpans(lowercase: bool): void {
  lowercaseBit = lowercase ? 0x20 : 0;
}

/** Places for the word (4 bytes a character) and its marks (2 bytes each). */
export function setWordBuffers(wordBuffer: usize, markBuffer: usize): void {
  word = wordEnd = wordBuffer;
  marks = markBuffer;
}

/** Writes the ids of the span of bytes [start, end) at `out`; returns the address after them. */
export function encodeSpan(start: usize, end: usize, out: usize): usize {
  if (end - start > 32) return normalizeSpan(start, end, out);
  const entry = findSpan(start, end - start);
  if (isFilled(entry)) return copySpan(entry, out);
  const next = normalizeSpan(start, end, out);
  fillSpan(entry, end - start, out, <i32>((next - out) >> 2));
  return next;
}

function normalizeSpan(start: usize, end: usize, out: usize): usize {
  const limit = maxWordCharacters();
  idsEnd = out;
  for (let p = start; p < end; ) {
    const byte: u32 = load<u8>(p);
    if (byte < 0x80) {
      p++;
      const small = byte | 0x20;
      if (small - 0x61 < 26) {
        if (characters++ < limit) store<u8>(wordEnd++, byte | lowercaseBit);
        markCount = 0;
      } else if (classOf(byte) == WORD) {
        if (characters++ < limit) store<u8>(wordEnd++, byte);
        markCount = 0;
      }
      continue;
    }
    const decoded = decode(p);
    const codePoint = decoded & 0x1fffff;
    const kind = classOf(codePoint);
    if (kind == WORD) {
      if (characters++ < limit) {
        if (decoded & ILL_FORMED) {
          wordEnd += write(wordEnd, codePoint);
        } else {
          store<u32>(wordEnd, load<u32>(p));
          wordEnd += sizeOf(decoded);
        }
      }
      markCount = 0;
    } else if (kind == MAPPED) {
      appendMapping(codePoint);
    } else if (kind == HANGUL) {
      appendSyllable(codePoint - 0xac00);
    } else if (kind == SINGLE) {
      endWord();
      appendSingle(codePoint);
    } else if (kind == SPACE) {
      endWord();
    } else if (kind == DROPPED_STARTER) {
      markCount = 0;
    }
    p += sizeOf(decoded);
  }
  endWord();
  return idsEnd;
}

@inline function appendCharacter(codePoint: u32): void {
  if (characters++ < maxWordCharacters()) wordEnd += write(wordEnd, codePoint);
}

function endWord(): void {
  markCount = 0;
  if (characters == 0) return;
  if (characters > maxWordCharacters()) {
    store<i32>(idsEnd, unknownId());
    idsEnd += 4;
  } else {
    idsEnd += <usize>cutWord(word, wordEnd, idsEnd) << 2;
  }
  characters = 0;
  wordEnd = word;
}

/** A character that is a word by itself. */
function appendSingle(codePoint: u32): void {
  idsEnd = encodeSingle(codePoint, idsEnd);
}

/** The id of a character of the basic plane that is a word by itself. */
@inline export function singleId(codePoint: u32): i32 {
  const id = load<i32>(SINGLE_IDS + (<usize>codePoint << 2)) - 1;
  return id < 0 ? unknownId() : id;
}

/** Writes the id of a character that is a word by itself at `out`; returns the address after it. */
export function encodeSingle(codePoint: u32, out: usize): usize {
  if (codePoint < 0x10000) {
    store<i32>(out, singleId(codePoint));
    return out + 4;
  }
  const size = write(word, codePoint);
  return out + (<usize>cutWord(word, word + size, out) << 2);
}

function appendSyllable(syllable: u32): void {
  markCount = 0;
  appendCharacter(0x1100 + syllable / 588);
  appendCharacter(0x1161 + (syllable % 588) / 28);
  if (syllable % 28 != 0) appendCharacter(0x11a7 + (syllable % 28));
}

function appendMapping(codePoint: u32): void {
  let item = MAPPINGS + (<usize>load<u16>(MAPPING_INDEX + (<usize>codePoint << 1)) << 2);
  const end = item + 4 + (<usize>load<u32>(item) << 2);
  for (item += 4; item < end; item += 4) {
    const value = load<u32>(item);
    const combiningClass = value >> ITEM_CLASS_SHIFT;
    if (value & ITEM_SINGLE) {
      endWord();
      appendSingle(value & ITEM_CODE_POINT);
    } else if (value & ITEM_SPACE) {
      endWord();
    } else if (combiningClass > 0) {
      appendMark(value & ITEM_CODE_POINT, combiningClass);
    } else {
      appendCharacter(value & ITEM_CODE_POINT);
      markCount = 0;
    }
  }
}

/** Puts a combining mark before the marks of a higher class at the word's end, as canonical ordering wants it. */
function appendMark(codePoint: u32, combiningClass: u32): void {
  if (characters >= maxWordCharacters()) {
    characters++;
    return;
  }
  let at = wordEnd;
  let i = markCount;
  const size = write(wordEnd, codePoint);
  while (i > 0 && <u32>load<u8>(marks + (<usize>(i - 1) << 1)) > combiningClass) {
    i--;
    at -= <usize>load<u8>(marks + (<usize>i << 1), 1);
    store<u16>(marks + (<usize>(i + 1) << 1), load<u16>(marks + (<usize>i << 1)));
  }
  memory.copy(at + size, at, wordEnd - at);
  write(at, codePoint);
  store<u8>(marks + (<usize>i << 1), combiningClass);
  store<u8>(marks + (<usize>i << 1), <u32>size, 1);
  markCount++;
  wordEnd += size;
  characters++;
}
