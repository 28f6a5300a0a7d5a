// Text to token ids by byte-level BPE. The way of a text: documents, added tokens as they stand, normalizer, added tokens of
// the normalized text, words, tokens.
import { CACHED_BYTES, copyIds, fill, find, isFilled } from '../common/cache';
import { documentCount, documentEnds, documentStarts } from '../common/documents';
import { BYTE_IDS, reach, SYMBOLS } from '../common/heap';
import { checkLength } from '../common/host';
import { normalizerTable, setPlain, setUpNormalizer } from '../common/normalize';
import { ids, makeRoom, out, setOut, taken, write } from '../common/output';
import { encodeText, finish, reserve, scratch, setUpTokens } from '../common/text';
import { beginTrie, setUpTrie, spare } from '../common/trie';
import { addTokens, addWord, canDivide, divide, dividedIds, finishTokens, setUpDivision, wordToken } from './divide';
import { addMerges, merge, mergedIds, setUpMerges } from './merge';
import { classes, gpt2Word, llama3Word, setUpClasses } from './split';

// For the host: set-up, then reserve and encode for each text.
export { addMerges, addTokens, addWord, beginTrie, finishTokens, spare, normalizerTable, reach, setPlain, setUpTokens, finish, reserve };
export { documentCount, documentEnds, documentStarts, ids, out, taken };

/** Longer words are shown to the host first. */
const LONG: usize = 1 << 18;

/** 0: GPT-2's words; else Llama 3's, with so many digits together. */
let digits: i32 = 0;
let prefixes: bool = false;
let ignoresMerges: bool = false;
/** Where the ids of the word that `cut` cut last stand. */
let wordIds: usize = 0;

/**
 * Places for what depends on the vocabulary.
 * @param idCount above all ids @param tokenBytes bytes of all tokens @param ignores whether a word that is a token is not merged
 */
export function setUp(
  mergeCount: u32,
  unknownId: i32,
  fusesUnknown: bool,
  idCount: u32,
  tokenBytes: u32,
  ignores: bool,
  normalizer: u32,
  replacementBytes: usize,
): void {
  setUpClasses();
  setUpMerges(mergeCount, unknownId, fusesUnknown);
  setUpTrie(tokenBytes);
  setUpDivision(idCount);
  ignoresMerges = ignores;
  setUpNormalizer(normalizer, replacementBytes);
}

export function setUpWords(digitsTogether: i32, addsPrefix: bool): void {
  digits = digitsTogether;
  prefixes = addsPrefix;
}

export function byteIds(): usize {
  return BYTE_IDS;
}

export function classTable(): usize {
  return classes;
}

/** Encodes the text in the reserved room. */
export function encode(mode: i32): void {
  encodeText(mode, encodePiece);
}

function encodePiece(start: usize, end: usize, first: bool): void {
  if (!prefixes || load<u8>(start) == 0x20) return encodeWords(start, end);
  // What is before a piece has been encoded already.
  const saved = load<u8>(start - 1);
  store<u8>(start - 1, 0x20);
  encodeWords(start - 1, end);
  store<u8>(start - 1, saved);
}

function encodeWords(start: usize, end: usize): void {
  let p = start;
  while (p < end) {
    const next = digits == 0 ? gpt2Word(p, end) : llama3Word(p, end, digits);
    encodeWord(p, next);
    p = next;
  }
}

@inline function encodeWord(start: usize, end: usize): void {
  const length = end - start;
  if (length > CACHED_BYTES) return encodeLong(start, end);
  makeRoom();
  const slot = find(start, length, 0);
  if (isFilled(slot)) {
    setOut(copyIds(slot, out));
    return;
  }
  const count = cut(start, end);
  fill(slot, length, 0, wordIds, count);
  write(wordIds, count);
}

function encodeLong(start: usize, end: usize): void {
  if (end - start > LONG) checkLength(start, end);
  const count = cut(start, end);
  write(wordIds, count);
}

function cut(start: usize, end: usize): u32 {
  if (ignoresMerges) {
    const token = wordToken(start, end);
    if (token >= 0) {
      store<i32>(SYMBOLS, token);
      wordIds = SYMBOLS;
      return 1;
    }
  }
  const count = canDivide() ? divide(start, end, scratch) : merge(start, end, scratch);
  wordIds = canDivide() ? dividedIds : mergedIds;
  return count;
}
