// Text to token ids by a Unigram model. The way of a text: documents, added tokens as they stand, normalizer, added tokens
// of the normalized text, words with a mark in front, the best division of each.
import { CACHED_BYTES, copyIds, fill, find, isFilled } from '../common/cache';
import { documentCount, documentEnds, documentStarts } from '../common/documents';
import { reach } from '../common/heap';
import { checkLength } from '../common/host';
import { normalizerTable, setPlain, setUpNormalizer } from '../common/normalize';
import { ids, makeRoom, out, setOut, taken, write } from '../common/output';
import { encodeText, finish, reserve, scratch, setUpTokens } from '../common/text';
import { addToken, beginTrie, packTrie, setUpTrie, spare } from '../common/trie';
import { decode, sizeOf } from '../common/utf8';
import { isWhitespace } from '../common/whitespace';
import { divide, dividedIds, scores, setUpScores } from './viterbi';

// For the host: set-up, then reserve and encode for each text.
export { addToken, beginTrie, spare, normalizerTable, reach, setPlain, setUpTokens, finish, reserve };
export { documentCount, documentEnds, documentStarts, ids, out, taken };

/** Longer words are shown to the host first. */
const LONG: usize = 1 << 20;

// When a word that has no mark gets one: see Metaspace.
const NEVER: i32 = 0;
const ALWAYS: i32 = 1;
const FIRST: i32 = 2;

/** The bytes of the mark, ▁. */
const MARK: u32 = 0x8196e2;
const MARK_BYTES: usize = 3;
/** In the cache, the key of a word with the mark in front. */
const MARKED: u32 = 64;

let splitsAtWhitespace: bool = false;
let scheme: i32 = ALWAYS;

/** Places for what depends on the vocabulary. */
export function setUp(
  tokenCount: u32,
  unknownId: i32,
  unknownScore: f64,
  trieBytes: u32,
  normalizer: u32,
  replacementBytes: usize,
): void {
  setUpScores(tokenCount, unknownId, unknownScore);
  setUpTrie(trieBytes);
  setUpNormalizer(normalizer, replacementBytes);
}

export function setUpWords(whitespace: bool, prepends: i32): void {
  splitsAtWhitespace = whitespace;
  scheme = prepends;
}

/** After the last token. */
export function finishTokens(): void {
  packTrie((): void => {});
}

export function scoreTable(): usize {
  return scores;
}

/** Encodes the text in the reserved room. */
export function encode(mode: i32): void {
  encodeText(mode, encodePiece);
}

function encodePiece(start: usize, end: usize, first: bool): void {
  if (splitsAtWhitespace) return encodeRuns(start, end);
  encodeMarked(start, end, scheme == ALWAYS || (scheme == FIRST && first));
}

/** Each run between whitespace by itself. */
function encodeRuns(start: usize, end: usize): void {
  let p = start;
  while (p < end) {
    let decoded = decode(p);
    if (isWhitespace(decoded & 0x1fffff)) {
      p += sizeOf(decoded);
      continue;
    }
    const from = p;
    do {
      const size = sizeOf(decoded);
      p += size;
      if (p >= end) break;
      decoded = decode(p);
    } while (!isWhitespace(decoded & 0x1fffff));
    encodeMarked(from, p, scheme == ALWAYS);
  }
}

/** A text whose words begin with a space or the mark, both of which become the mark; the first one with it, if wanted. */
function encodeMarked(start: usize, end: usize, prepends: bool): void {
  let p = start;
  let marked = prepends;
  let size = markSize(p, end);
  if (size == 0) {
    const next = nextMark(p, end);
    encodeWord(p, next, marked);
    p = next;
  }
  while (p < end) {
    size = markSize(p, end);
    const next = nextMark(p + size, end);
    encodeWord(p + size, next, true);
    p = next;
  }
}

@inline function markSize(p: usize, end: usize): usize {
  if (load<u8>(p) == 0x20) return 1;
  return end - p >= MARK_BYTES && (load<u32>(p) & 0xffffff) == MARK ? MARK_BYTES : 0;
}

/** Where the next space or mark stands in [from, end), or `end`. */
@inline function nextMark(from: usize, end: usize): usize {
  let p = from;
  while (p < end) {
    const v = v128.load(p);
    const hits = v128.or(i8x16.eq(v, i8x16.splat(0x20)), i8x16.eq(v, i8x16.splat(<i8>0xe2)));
    let bits = i8x16.bitmask(hits);
    while (bits != 0) {
      const at = p + <usize>ctz<i32>(bits);
      bits &= bits - 1;
      if (at >= end) return end;
      if (markSize(at, end) != 0) return at;
    }
    p += 16;
  }
  return end;
}

/** The word of bytes [start, end), with the mark before it or not. */
@inline function encodeWord(start: usize, end: usize, marked: bool): void {
  const length = end - start;
  if (length > CACHED_BYTES) return encodeLong(start, end, marked);
  makeRoom();
  const key = marked ? MARKED : 0;
  const slot = find(start, length, key);
  if (isFilled(slot)) {
    setOut(copyIds(slot, out));
    return;
  }
  const count = cut(start, end, marked);
  fill(slot, length, key, dividedIds, count);
  write(dividedIds, count);
}

function encodeLong(start: usize, end: usize, marked: bool): void {
  if (end - start > LONG) checkLength(start, end);
  const count = cut(start, end, marked);
  write(dividedIds, count);
}

function cut(start: usize, end: usize, marked: bool): u32 {
  if (!marked) return divide(start, end, scratch);
  const length = end - start;
  reach(scratch + length + 128);
  store<u32>(scratch, MARK);
  memory.copy(scratch + MARK_BYTES, start, length);
  return divide(scratch, scratch + MARK_BYTES + length, (scratch + MARK_BYTES + length + 63) & ~15);
}
