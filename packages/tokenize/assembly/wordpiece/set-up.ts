// What the host hands over before the first text: the vocabulary, the added tokens, the tables of Unicode.
import { CACHES, LEAST_WORD_BITS, rememberToken, setFolding, setUpCaches } from './caches';
import { setUpClassifier } from './classify';
import { allocate, ALONE, CLASSES, DELIMITER, FIRST_BYTES, free, KEEP, MAPPING_INDEX, MAPPINGS, reach, SINGLE_IDS } from './memory';
import { setUpSpans, singleId } from './span';
import { classOf, SINGLE, SPACE } from './unicode';
import { beginTrie, finishTrie, spare, trieToken } from './wordpiece';

// A row of DELIMITER: an id and whether it is written; or, from LEADS on, what else is to be done.
export const WRITES: u32 = 1 << 26;
/** The byte begins a character of several bytes. */
export const LEADS: u32 = 1 << 29;
/** The byte is a control character: it may join what is on both sides into one word. */
export const JOINS: u32 = LEADS + 1;
/** The byte is a newline that ends a document. */
export const ENDS_DOCUMENT: u32 = LEADS + 2;

let handedOverEnd: usize = 0;

/** Addresses of the tables that the host fills: classes, mapping index, mappings, ids of single characters, first bytes. */
export function tableAt(index: i32): usize {
  return index == 0 ? CLASSES : index == 1 ? MAPPING_INDEX : index == 2 ? MAPPINGS : index == 3 ? SINGLE_IDS : FIRST_BYTES;
}

/** Room for `bytes` at the returned address, for what the host hands over; it lies behind all that is laid out before the first text. */
export function handOver(bytes: usize): usize {
  const at = spare() + CACHES;
  handedOverEnd = at + bytes + 16;
  reach(handedOverEnd);
  return at;
}

/**
 * Adds the tokens of bytes [start, end), one a line by id; an empty line is no token. A prefix marks those that go on in a
 * word. Returns how many bytes the trie takes.
 */
export function addTokens(start: usize, end: usize, prefix: usize, prefixLength: usize): usize {
  const trie = free();
  beginTrie(handedOverEnd);
  eachToken(start, end, trieToken);
  finishTrie(prefix, prefixLength);
  const trieBytes = free() - trie;
  setUpCaches(LEAST_WORD_BITS, 0);
  eachToken(start, end, rememberToken);
  return trieBytes;
}

function eachToken(start: usize, end: usize, use: (start: usize, end: usize, id: i32) => void): void {
  let id: i32 = 0;
  let from = start;
  for (let p = start; p < end; p++) {
    if (load<u8>(p) != 0x0a) continue;
    if (p > from) use(from, p, id);
    from = p + 1;
    id++;
  }
}

/** Instead of adding tokens: takes over a packed trie of so many bytes, and a table of so many words. */
export function takeOver(trieBytes: usize, wordBits: u32, words: u32): void {
  allocate(trieBytes);
  setUpCaches(wordBits, words);
}

/** Before the tokens, or what is there instead. */
export function setUpWords(lowercase: bool): void {
  setFolding(lowercase);
  for (let n: usize = 0; n <= 16; n++) {
    for (let i: usize = 0; i < 16; i++) store<u8>(KEEP + (n << 4) + i, i < n ? 255 : 0);
  }
}

/** After the tokens and the tables. */
export function setUp(lowercase: bool, cleansText: bool): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    const kind = byte < 128 ? classOf(byte) : 0;
    const id = <u32>singleId(byte);
    setRow(byte, byte >= 128 ? LEADS : kind == SINGLE ? id | WRITES : kind == SPACE ? 0 : JOINS);
  }
  setUpSpans(lowercase);
  setUpClassifier(cleansText);
}

/** Sets what comes of a byte, after a word and as an item itself. */
export function setRow(byte: u32, row: u32): void {
  store<u32>(DELIMITER + (<usize>byte << 2), row);
  store<u32>(DELIMITER + (<usize>byte << 2), row, ALONE);
}
