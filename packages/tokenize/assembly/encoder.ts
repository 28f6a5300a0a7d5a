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
import { copyIds, findWord, rememberToken, WORD_INLINE, wordSlot, wordTable } from './caches';
import {
  beginText,
  classify,
  DOCUMENT_BLANK_LINE,
  DOCUMENT_LINE,
  illFormed,
  itemStarts,
  notWord,
} from './classify';
import { allocate, DELIMITER, ITEMS, KEEP, release } from './memory';
import { addTokens, begin, ENDS_DOCUMENT, foldBits, JOINS, LEADS, setRow, setUp, setUpWords, tableAt } from './set-up';
import { encodeSingle, encodeSpan, setWordBuffers } from './span';
import { classOf, decode, DROPPED_WHITESPACE, SINGLE, sizeOf, SPACE } from './unicode';
import { maxWordCharacters, setUpTrie, trieToken } from './wordpiece';

// For the host, in this order: begin, setUpTrie, setUpAddedTokens, setUpWords, the tokens, the tables, setUp.
export { addAddedToken, addTokens, begin, setUp, setUpAddedTokens, setUpTrie, setUpWords, tableAt };
// The optimizer inlines no exported function: so `run` has its registers for what it does often, and the functions that are
// called for each token are soon compiled for speed.
export { rememberToken, trieToken };
export { copyIds, encodeCharacter, encodeSpan, endDocument, findWord, joinedEnd, listItems, markItem, wordEnd };

/** How much is classified at once: what the first-level cache holds beside the rest. */
const AHEAD: usize = 16384;
/** A word that begins this far from the end of what is classified is wholly classified, unless it is a long one. */
const MARGIN: usize = 128;
/** How many bytes are looked through for items at once. */
const WINDOW: usize = 4096;

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
let documents: i32 = 0;
/** A newline that ends no document, since an added token stands in its line; and how far the text was looked at for it. */
let spared: usize = 0;
let sparedUpTo: usize = 0;

/** Room for a text of so many bytes; returns where the host writes it. Views of the memory may be stale afterwards. */
export function reserve(bytes: usize, shortestToken: usize): usize {
  if (textRegion == 0) textRegion = allocate(0);
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
  documents = mode;
  // After a word, a newline ends a line only; as an item, it is one that ends a document.
  setRow(0x0a, ENDS_DOCUMENT);
  if (mode != DOCUMENT_LINE) store<u32>(DELIMITER, 0, 0x0a << 2);
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
    const stop = atToken ? tokenStart(token) : classified;
    p = run(p, stop);
    if (p < stop) continue;
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

/** Encodes the items that begin in [from, stop); returns where to go on, which may be before that. */
function run(from: usize, stop: usize): usize {
  const base = text;
  const ends = notWord;
  const table = wordTable;
  const fold = i64x2.splat(foldBits);
  let to = out;
  let at = from;
  while (at < stop) {
    const windowEnd = min((at & ~63) + WINDOW, stop);
    const itemsEnd = listItems(at, windowEnd);
    for (let item = ITEMS; item < itemsEnd; item += 4) {
      const start = <usize>load<u32>(item);
      let length = <usize>ctz<u64>(load<u64>(ends + (start >> 3)) >> <u64>(start & 7));
      const itemOut = to;
      if (length <= 16) {
        const word = v128.and(v128.or(v128.load(base + start), fold), v128.load(KEEP + (length << 4)));
        const low = v128.extract_lane<u64>(word, 0);
        const high = v128.extract_lane<u64>(word, 1);
        let entry = table + wordSlot(low, high);
        if (((load<u64>(entry) ^ low) | (load<u64>(entry, 8) ^ high)) != 0) {
          entry = i8x16.bitmask(word) ? 0 : findWord(low, high, length);
        }
        if (entry != 0) {
          v128.store(to, v128.load(entry, 16));
          const count = load<u32>(entry, 28);
          if (count > WORD_INLINE) copyIds(to, load<u32>(entry, 16), count);
          to += <usize>count << 2;
        } else {
          to = encodeSpan(base + start, base + start + length, to);
        }
      } else {
        length = wordEnd(start) - start;
        to = encodeSpan(base + start, base + start + length, to);
      }
      // The byte after the word, or the item itself where it is no word.
      const after = start + length;
      const row = load<u32>(DELIMITER + (<usize>load<u8>(base + after) << 2) + (<usize>(length == 0) << 10));
      store<u32>(to, row & 0xffffff);
      to += <usize>((row >> 24) & 4);
      if (row < LEADS) continue;
      if (row == JOINS) {
        const next = joinedEnd(after);
        out = encodeSpan(base + start, base + next, itemOut);
        if (documents == DOCUMENT_LINE || load<u8>(base + next) != 0x0a) markItem(next);
        return next;
      }
      if (row == LEADS) {
        to = encodeCharacter(base + after, to);
      } else if (after != spared) {
        out = to;
        endDocument(after + 1);
      }
    }
    at = windowEnd;
  }
  out = to;
  return at;
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
    for (let written: usize = 0; written < count; written += 8) {
      const place = to + (written << 2);
      for (let i: usize = 0; i < 32; i += 4) {
        store<u32>(place + i, <u32>block + <u32>ctz<u64>(rest));
        rest &= rest - 1;
      }
    }
    to += count << 2;
    block += 64;
    if (block >= end) return to;
    items = load<u64>(itemStarts + (block >> 3));
  }
  return to;
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
