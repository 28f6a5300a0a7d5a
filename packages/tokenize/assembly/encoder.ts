// Text to token ids. A text is classified (classify.ts) some way ahead; then `run` goes from item to item.
import {
  addAddedToken,
  beginTokens,
  findTokens,
  setUpAddedTokens,
  tokenEnd,
  tokenId,
  tokensFound,
  tokenStart,
} from './added-tokens';
import {
  copyIds,
  findLong,
  findShort,
  longSlot,
  longTable,
  setUpCaches,
  shortSlot,
  shortTable,
} from './caches';
import {
  beginText,
  classify,
  DOCUMENT_BLANK_LINE,
  DOCUMENT_LINE,
  illFormed,
  itemStarts,
  notWord,
  setUpClassifier,
} from './classify';
import { allocate, CLASSES, DELIMITER, HEAP, KEEP, MAPPING_INDEX, MAPPINGS, release, SINGLE_IDS } from './memory';
import { encodeSingle, encodeSpan, setUpSpans, setWordBuffers } from './span';
import { classOf, decode, DROPPED_WHITESPACE, SINGLE, sizeOf, SPACE } from './unicode';
import { addToken, maxWordCharacters, setUpTrie } from './wordpiece';

export { addAddedToken, addToken, setUpAddedTokens, setUpTrie };

/** How much is classified at once: what the first-level cache holds beside the rest. */
const AHEAD: usize = 16384;
/** A word that begins this far from the end of what is classified is wholly classified, unless it is a long one. */
const MARGIN: usize = 128;

// Columns of DELIMITER.
const ACTION: usize = 8;
const FLAGS: usize = 12;
/** The byte is a control character: it may join what is on both sides into one word. */
const JOINS: i32 = -1;
/** The byte begins a character of several bytes. */
const LEADS: i32 = -2;
const ENDS_DOCUMENT: u32 = 4;

/** Everything from here on belongs to one text. */
let textRegion: usize = 0;
let text: usize = 0;
let textEnd: usize = 0;
let ready: usize = 0;
let readyEnd: usize = 0;
let out: usize = 0;

export let ids: usize = 0;
export let documentEnds: usize = 0;
export let documentStarts: usize = 0;
export let documentCount: u32 = 0;
export let idCount: u32 = 0;
let lastDocumentEnd: u32 = 0;
let documentStart: u32 = 0;
/** ENDS_DOCUMENT where a newline right after a word ends a document. */
let lineEnds: u32 = 0;
/** A newline that ends no document, since an added token stands in its line; and how far the text was looked at for it. */
let spared: usize = 0;
let sparedUpTo: usize = 0;

let foldBits: u64 = 0;

/** Addresses of the tables that the host fills, in this order: classes, mapping index, mappings, ids of single characters. */
export function tableAt(index: i32): usize {
  return index == 0 ? CLASSES : index == 1 ? MAPPING_INDEX : index == 2 ? MAPPINGS : SINGLE_IDS;
}

/** First of all: room for `bytes` at the returned address, for what the host hands over. */
export function begin(bytes: usize): usize {
  release(HEAP);
  return allocate(bytes);
}

/** After the trie, the added tokens and the tables. */
export function setUp(lowercase: bool, cleansText: bool): void {
  foldBits = lowercase ? 0x2020202020202020 : 0;
  for (let n: usize = 0; n <= 16; n++) {
    for (let i: usize = 0; i < 16; i++) store<u8>(KEEP + (n << 4) + i, i < n ? 255 : 0);
  }
  for (let byte: usize = 0; byte < 256; byte++) {
    const row = DELIMITER + (byte << 4);
    const kind = byte < 128 ? classOf(<u32>byte) : 0;
    store<i32>(row, load<i32>(SINGLE_IDS + (byte << 2)));
    store<i32>(row, byte >= 128 ? LEADS : kind == SINGLE ? 4 : kind == SPACE ? 0 : JOINS, ACTION);
    store<u32>(row, byte == 0x0a ? ENDS_DOCUMENT : 0, FLAGS);
  }
  setUpSpans(lowercase);
  setUpClassifier(cleansText);
  setUpCaches();
  textRegion = allocate(64);
}

/** Room for a text of so many bytes; returns where the host writes it. Views of the memory may be stale afterwards. */
export function reserve(bytes: usize, shortestToken: usize): usize {
  release(textRegion);
  text = allocate(bytes + 256);
  const bitmap = (bytes >> 3) + 64;
  const words = allocate(bitmap);
  const starts = allocate(bitmap);
  beginText(words, starts, 0);
  ids = allocate((bytes << 2) + 256);
  documentEnds = allocate((bytes << 1) + 64);
  documentStarts = allocate((bytes << 1) + 64);
  beginTokens(allocate((bytes / shortestToken + 1) << 3));
  const characters = min(<usize>maxWordCharacters() + 1, bytes * 3);
  setWordBuffers(allocate((characters << 2) + 64), allocate((characters << 1) + 64));
  textEnd = bytes;
  return text;
}

/** Encodes the text in the reserved room. The outcome is in `ids`, `documentEnds`, `documentStarts` and their counts. */
export function encode(mode: i32): void {
  lineEnds = mode == DOCUMENT_LINE ? ENDS_DOCUMENT : 0;
  beginText(notWord, itemStarts, mode);
  memory.fill(text + textEnd, 0x20, 192);
  out = ids;
  documentCount = lastDocumentEnd = documentStart = 0;
  spared = usize.MAX_VALUE;
  sparedUpTo = 0;
  ready = 0;
  readyEnd = (textEnd + 127) & ~63;
  let token: u32 = 0;
  let p: usize = 0;
  for (;;) {
    if (p + MARGIN >= ready) classifyAhead();
    const classified = ready == readyEnd ? textEnd : ready - MARGIN;
    const atToken = token < tokensFound() && tokenStart(token) <= classified;
    p = run(p, atToken ? tokenStart(token) : classified);
    if (atToken) {
      store<i32>(out, tokenId(token));
      out += 4;
      p = max(p, tokenEnd(token));
      if (mode == DOCUMENT_BLANK_LINE) spareLine(tokenEnd(token));
      token++;
    } else if (classified == textEnd) {
      break;
    }
  }
  endDocument(textEnd);
  idCount = <u32>((out - ids) >> 2);
}

export function illFormedCount(): u32 {
  return illFormed;
}

function classifyAhead(): void {
  if (ready == readyEnd) return;
  const to = min(ready + AHEAD, readyEnd);
  findTokens(text, min(to, textEnd));
  classify(text, ready, to);
  ready = to;
}

/** What came since the last document's end is one, if it has any ids; the next one begins at `next`. */
function endDocument(next: usize): void {
  const end = <u32>((out - ids) >> 2);
  if (end > lastDocumentEnd) {
    store<u32>(documentEnds + (<usize>documentCount << 2), end);
    store<u32>(documentStarts + (<usize>documentCount << 2), documentStart);
    documentCount++;
    lastDocumentEnd = end;
  }
  documentStart = <u32>next;
}

/** The newline after an added token and whitespace ends no blank line, although the token's bytes are spaces by now. */
function spareLine(from: usize): void {
  if (from <= sparedUpTo) return;
  let p = from;
  while (p < textEnd) {
    const decoded = decode(text + p);
    const kind = classOf(decoded & 0x1fffff);
    if (load<u8>(text + p) == 0x0a) {
      spared = p;
      p++;
      break;
    }
    if (kind != SPACE && kind != DROPPED_WHITESPACE) break;
    p += sizeOf(decoded);
  }
  sparedUpTo = p;
}

/** Encodes the items that begin in [from, stop); returns where to go on. */
function run(from: usize, stop: usize): usize {
  const base = text;
  const starts = itemStarts;
  const ends = notWord;
  const short = shortTable;
  const long = longTable;
  const fold = foldBits;
  const fold128 = i64x2.splat(fold);
  if (from >= stop) return from;
  let to = out;
  let block = from & ~63;
  let items = load<u64>(starts + (block >> 3)) & (~(<u64>0) << <u64>(from & 63));
  for (;;) {
    while (items == 0) {
      block += 64;
      if (block >= stop) {
        out = to;
        return block;
      }
      items = load<u64>(starts + (block >> 3));
    }
    const start = block + <usize>ctz<u64>(items);
    if (start >= stop) {
      out = to;
      return start;
    }
    items &= items - 1;
    const itemOut = to;
    let length = <usize>ctz<u64>(load<u64>(ends + (start >> 3)) >> <u64>(start & 7));
    if (length <= 8) {
      const word = (load<u64>(base + start) | fold) & load<u64>(KEEP + (length << 4));
      if (word & 0x8080808080808080) {
        to = encodeSpan(base + start, base + start + length, to);
      } else {
        let entry = short + (shortSlot(word) << 4);
        if (load<u64>(entry) != word) entry = findShort(word, length);
        const held = load<u64>(entry, 8);
        const count = <u32>(held >> 24) & 0xff;
        store<u64>(to, held & 0xffffffff00ffffff);
        if (count > 2) copyIds(to, <u32>(held >> 32), count);
        to += <usize>count << 2;
      }
    } else if (length <= 16) {
      const word = v128.and(v128.or(v128.load(base + start), fold128), v128.load(KEEP + (length << 4)));
      if (i8x16.bitmask(word)) {
        to = encodeSpan(base + start, base + start + length, to);
      } else {
        const low = v128.extract_lane<u64>(word, 0);
        const high = v128.extract_lane<u64>(word, 1);
        let entry = long + (longSlot(low, high) << 5);
        if (load<u64>(entry) != low || load<u64>(entry, 8) != high) entry = findLong(low, high, length);
        v128.store(to, v128.load(entry, 16));
        const count = load<u32>(entry, 28);
        if (count > 3) copyIds(to, load<u32>(entry, 16), count);
        to += <usize>count << 2;
      }
    } else {
      length = wordEnd(start) - start;
      to = encodeSpan(base + start, base + start + length, to);
    }
    const after = start + length;
    const row = DELIMITER + (<usize>load<u8>(base + after) << 4);
    const action = load<i32>(row, ACTION);
    if (action < 0) {
      let next: usize = 0;
      if (action == LEADS) {
        out = to;
        next = passCharacters(after, stop);
        to = out;
      } else {
        next = joinedEnd(after);
        to = encodeSpan(base + start, base + next, itemOut);
        if (lineEnds || load<u8>(base + next) != 0x0a) markItem(next);
      }
      block = next & ~63;
      if (next >= stop) {
        out = to;
        return next;
      }
      items = load<u64>(starts + (block >> 3)) & (~(<u64>0) << <u64>(next & 63));
      continue;
    }
    store<i32>(to, load<i32>(row));
    to += <usize>action;
    const flags = load<u32>(row, FLAGS) & (length == 0 ? ENDS_DOCUMENT : lineEnds);
    if (flags && after != spared) {
      out = to;
      endDocument(after + 1);
    }
  }
  return stop;
}

/** Where the word that begins at `start` ends. */
function wordEnd(start: usize): usize {
  let block = start & ~63;
  let rest = load<u64>(notWord + (block >> 3)) & (~(<u64>0) << <u64>(start & 63));
  while (rest == 0) {
    block += 64;
    if (block >= ready) classifyAhead();
    rest = load<u64>(notWord + (block >> 3));
  }
  return block + <usize>ctz<u64>(rest);
}

/** Passes the characters of several bytes at `at` that are no part of words; returns where the first other one is. */
function passCharacters(at: usize, stop: usize): usize {
  let p = at;
  do {
    const decoded = decode(text + p);
    const codePoint = decoded & 0x1fffff;
    const kind = classOf(codePoint);
    if (kind == SINGLE) out = encodeSingle(codePoint, out);
    else if (kind != SPACE) break;
    p += sizeOf(decoded);
  } while (p < stop && load<u8>(text + p) >= 0x80);
  return p;
}

/** What follows a word begins no item, unless it is marked as one. */
function markItem(at: usize): void {
  while (at >= ready && ready < readyEnd) classifyAhead();
  const byte = itemStarts + (at >> 3);
  store<u8>(byte, <u32>load<u8>(byte) | (<u32>1 << <u32>(at & 7)));
}

/** Where the word ends that a control character at `at` joins: at whitespace or at a character that is a word by itself. */
function joinedEnd(at: usize): usize {
  let p = at;
  while (p < textEnd) {
    if (p >= ready) classifyAhead(); // which hides the added tokens
    const decoded = decode(text + p);
    const kind = classOf(decoded & 0x1fffff);
    if (kind == SPACE || kind == SINGLE) break;
    p += sizeOf(decoded);
  }
  return p;
}
