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
  copyWord,
  filledEnd,
  findWord,
  foldBits,
  holds,
  knownWords,
  WORD_INLINE,
  wordBits,
  wordSlot,
  wordTable,
} from './caches';
import {
  beginText,
  classify,
  DOCUMENT_BLANK_LINE,
  DOCUMENT_LINE,
  illFormed,
  itemStarts,
  notWord,
} from './classify';
import { allocate, ALONE, DELIMITER, ITEMS, KEEP, KEY, release } from './memory';
import {
  addTokens,
  ENDS_DOCUMENT,
  handOver,
  JOINS,
  LEADS,
  setRow,
  setUp,
  setUpWords,
  tableAt,
  takeOver,
} from './set-up';
import { encodeSingle, encodeSpan, setWordBuffers } from './span';
import { decode, sizeOf } from '../common/utf8';
import { classOf, DROPPED_WHITESPACE, SINGLE, SPACE } from './unicode';
import { maxWordCharacters, setUpTrie } from './wordpiece';

// For the host, in this order: setUpTrie, setUpAddedTokens, setUpWords; then handOver, the tokens and the tables, or takeOver
// and the memory of another encoder, up to filledEnd; then setUp.
export { addAddedToken, addTokens, handOver, setUp, setUpAddedTokens, setUpTrie, setUpWords, tableAt, takeOver };
export { filledEnd, knownWords, wordBits };
// The optimizer inlines no exported function: so `encodeItems` has the registers to itself.
export { encodeItem, encodeItems, encodeSpan, encodeWord, endDocument, joinedEnd, listItems, markItem, wordEnd };

/** How much is classified at once: what the first-level cache holds beside the rest. */
const AHEAD: usize = 16384;
/** A word that begins this far from the end of what is classified is wholly classified, unless it is a long one. */
const MARGIN: usize = 128;
/** How many bytes are looked through for items at once. */
const WINDOW: usize = 4096;

/** Ids follow the text at this distance and are written over it: what has been read is in the processor's cache. */
const DISTANCE: usize = 65536;
/** At a smaller one they might overtake it in a window and an item of a window's size: a byte gives an id of four at most. */
const LEAST_DISTANCE: usize = 6 * WINDOW + 64;

/** Everything from here on belongs to one text. */
let textRegion: usize = 0;
let text: usize = 0;
let textEnd: usize = 0;
let ready: usize = 0;
let readyEnd: usize = 0;
let out: usize = 0;

/** Where there is room for ids that are more bytes than their text. */
let spareIds: usize = 0;
export let ids: usize = 0;
export let documentEnds: usize = 0;
export let documentStarts: usize = 0;
export let documentCount: u32 = 0;
export let idCount: u32 = 0;
let lastDocumentEnd: u32 = 0;
let documentStart: u32 = 0;
let documents: i32 = 0;
/** A newline that ends no document, since an added token stands in its line; and how far the text was looked at for it. */
let spared: usize = 0;
let sparedUpTo: usize = 0;

/** Room for a text of so many bytes; returns where the host writes it. Views of the memory may be stale afterwards. */
export function reserve(bytes: usize, shortestToken: usize): usize {
  if (textRegion == 0) textRegion = allocate(0);
  release(textRegion);
  text = allocate(DISTANCE + bytes + 256) + DISTANCE;
  const bitmap = (bytes >> 3) + 64;
  const words = allocate(bitmap);
  const starts = allocate(bitmap);
  beginText(words, starts, 0);
  spareIds = allocate((bytes << 2) + 256);
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
  documents = mode;
  // After a word, a newline ends a line only; as an item, it is one that ends a document.
  setRow(0x0a, ENDS_DOCUMENT);
  if (mode != DOCUMENT_LINE) store<u32>(DELIMITER, 0, 0x0a << 2);
  beginText(notWord, itemStarts, mode);
  memory.fill(text + textEnd, 0x20, 192);
  out = ids = text - DISTANCE;
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
    const stop = atToken ? tokenStart(token) : classified;
    p = run(p, stop);
    if (p < stop) continue;
    if (atToken) {
      keepDistance(p);
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

/** Moves the ids elsewhere once they have come too close to the text from `at` on, which is still to be read. */
@inline function keepDistance(at: usize): void {
  if (out + LEAST_DISTANCE > text + at) leaveText();
}

function leaveText(): void {
  if (ids == spareIds) return;
  memory.copy(spareIds, ids, out - ids);
  out = spareIds + (out - ids);
  ids = spareIds;
}

/** Encodes the items that begin in [from, stop); returns where to go on, which may be before that. */
function run(from: usize, stop: usize): usize {
  let at = from;
  while (at < stop) {
    keepDistance(at);
    const windowEnd = min((at & ~63) + WINDOW, stop);
    const itemsEnd = listItems(at, windowEnd);
    let item = encodeItems(ITEMS, itemsEnd);
    while (item < itemsEnd) {
      const start = <usize>load<u32>(item);
      const next = encodeItem(start);
      if (next != 0) return next;
      item += 4;
      // In a script other than Latin, the next one is as this one: no need to try it.
      if (load<u8>(text + start) < 0x80 || item == itemsEnd) item = encodeItems(item, itemsEnd);
    }
    at = windowEnd;
  }
  return at;
}

/**
 * Encodes items as long as they are what most are: a cached word and a delimiter that is done with when its id is written.
 * Returns the address of the first other one. It calls nothing, so that all it needs stays in registers.
 */
function encodeItems(items: usize, end: usize): usize {
  const base = text;
  const ends = notWord;
  const table = wordTable;
  const bits = wordBits;
  const fold = i64x2.splat(foldBits);
  let to = out;
  let item = items;
  while (item < end) {
    const start = <usize>load<u32>(item);
    const length = wordLength(ends, start);
    if (length > 16) break;
    const word = v128.and(v128.or(v128.load(base + start), fold), v128.load(KEEP + (length << 4)));
    let entry = table + wordSlot(word, bits);
    if (!holds(entry, word)) {
      entry += 32;
      if (!holds(entry, word)) break;
    }
    const written = <usize>load<u32>(entry, 28);
    if (written > WORD_INLINE) break;
    const row = delimiterRow(base + start, length);
    if (row >= LEADS) break;
    v128.store(to, v128.load(entry, 16));
    to += written;
    store<u32>(to, row & 0xffffff);
    to += <usize>(row >> 24);
    item += 4;
  }
  out = to;
  return item;
}

/** Encodes any item. Returns 0, or where to go on when what follows the item was encoded with it. */
function encodeItem(start: usize): usize {
  let length = wordLength(notWord, start);
  if (length > 16) length = wordEnd(start) - start;
  if (length > WINDOW) leaveText();
  const itemOut = out;
  if (length > 0) encodeWord(text + start, length);
  // The byte after the word, or the item itself where it is no word.
  const after = start + length;
  const row = delimiterRow(text + start, length);
  if (row < LEADS) {
    store<u32>(out, row & 0xffffff);
    out += <usize>(row >> 24);
  } else if (row == JOINS) {
    const next = joinedEnd(after);
    out = itemOut;
    if (next - start > WINDOW) leaveText();
    out = encodeSpan(text + start, text + next, out);
    if (documents == DOCUMENT_LINE || load<u8>(text + next) != 0x0a) markItem(next);
    return next;
  } else if (row == LEADS) {
    out = encodeCharacter(text + after, out);
  } else if (after != spared) {
    endDocument(after + 1);
  }
  return 0;
}

function encodeWord(start: usize, length: usize): void {
  if (length <= 16) {
    const word = v128.and(v128.or(v128.load(start), i64x2.splat(foldBits)), v128.load(KEEP + (length << 4)));
    if (i8x16.bitmask(word) == 0) {
      v128.store(KEY, word);
      out = copyWord(findWord(length), out);
      return;
    }
  }
  out = encodeSpan(start, start + length, out);
}

/** How many bytes the word at `start` has; more than 16 where it is a long one. */
@inline function wordLength(ends: usize, start: usize): usize {
  return <usize>ctz<u64>(load<u64>(ends + (start >> 3)) >> <u64>(start & 7));
}

/** What comes of the byte after the word at an address, or of that byte itself where the word has no length. */
@inline function delimiterRow(word: usize, length: usize): u32 {
  return load<u32>(DELIMITER + (<usize>load<u8>(word + length) << 2) + ((length - 1) >> 21));
}

/** Writes the places of the items that begin in [from, end) to ITEMS, and returns the address after them. */
function listItems(from: usize, end: usize): usize {
  let to = ITEMS;
  let items = load<u64>(itemStarts + ((from & ~63) >> 3)) & (~(<u64>0) << <u64>(from & 63));
  for (let block = from & ~63; ; ) {
    const most = end - block < 64 ? items & ~(~(<u64>0) << <u64>(end - block)) : items;
    const count = <usize>popcnt<u64>(most);
    let rest = most;
    // Eight at a time, wanted or not: branches would cost more.
    for (let place = to; place < to + (count << 2); place += 32) {
      rest = listItem(place, block, rest);
      rest = listItem(place + 4, block, rest);
      rest = listItem(place + 8, block, rest);
      rest = listItem(place + 12, block, rest);
      rest = listItem(place + 16, block, rest);
      rest = listItem(place + 20, block, rest);
      rest = listItem(place + 24, block, rest);
      rest = listItem(place + 28, block, rest);
    }
    to += count << 2;
    block += 64;
    if (block >= end) return to;
    items = load<u64>(itemStarts + (block >> 3));
  }
  return to;
}

/** Writes the place of the first item of a block; returns the others. */
@inline function listItem(to: usize, block: usize, items: u64): u64 {
  store<u32>(to, <u32>block + <u32>ctz<u64>(items));
  return items & (items - 1);
}

/** Writes the id of a character of several bytes that is no part of a word; returns the address after it. */
function encodeCharacter(p: usize, out: usize): usize {
  const codePoint = decode(p) & 0x1fffff;
  return classOf(codePoint) == SINGLE ? encodeSingle(codePoint, out) : out;
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
