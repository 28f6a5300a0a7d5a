// Byte-pair encoding in linear time: take the longest token at each place, and step back where it does not fit beside the
// one before. The result equals that of the merges (merge.ts). Two tokens fit if the merges turn their joint bytes into just
// these two. Any neighbours in the merges' result do: no merge has crossed the boundary between them, so the merges on
// either side do not depend on the rest of the word. Hence only one sequence of fitting tokens covers a word
// (van Antwerpen & Neubeck 2024, https://github.com/github/rust-gems/tree/main/crates/bpe).
import { allocate, BYTE_IDS, reach, SYMBOLS } from '../common/heap';
import { addToken, firstStep, packTrie, ROOT, step, valueOf } from '../common/trie';
import { rankOf } from './merge';

const NONE: u32 = 0xffffffff;
/** In the trie, marks a token that merges never end with. */
const WORD: i32 = 1 << 31;
/** Words of at most so many bytes need no memory beyond the table of symbols. */
const SHORT: usize = 256;

// 20 bytes for each id: the length of its token, 0 if merges never end with it; …
const ENTRY: usize = 20;
/** … the longest token that it begins with, or -1 (its bytes' place while the table is filled); … */
const SHORTER: usize = 4;
/** … the merge that it comes from: its rank, -1 for a byte, and its two parts. */
const RANK: usize = 8;
const LEFT: usize = 12;
const RIGHT: usize = 16;

let entries: usize = 0;
/** Address of a flag: 1 once the table is filled. In memory, since other threads take that over. */
let filled: usize = 0;

/** A place for the tokens, whose ids are below a number. */
export function setUpDivision(idCount: u32): void {
  entries = allocate(<usize>idCount * ENTRY);
  filled = allocate(4);
}

/** Whether `divide` may be used. */
@inline export function canDivide(): bool {
  return load<u32>(filled) != 0;
}

@inline function entryOf(id: u32): usize {
  return entries + <usize>id * ENTRY;
}

@inline function lengthOf(id: u32): usize {
  return <usize>load<u32>(entryOf(id));
}

/**
 * Finds the tokens that merges can end with and adds them to the trie. Unless there is a token for each byte, and each merge
 * comes after those that make its parts (so that merges happen in the order of their ranks), `canDivide` stays false.
 * @param merges 12 bytes each: two ids and the merged one
 * @param free memory that nothing uses, for the bytes of each token
 */
export function addTokens(merges: usize, count: u32, free: usize): void {
  let bytes = free;
  for (let byte: u32 = 0; byte < 256; byte++) {
    const id = load<i32>(BYTE_IDS + (<usize>byte << 2));
    if (id < 0) return;
    store<u8>(bytes, byte);
    bytes = fillEntry(id, -1, bytes, 1);
  }
  for (let rank: u32 = 0; rank < count; rank++) {
    const at = merges + <usize>rank * 12;
    const left = load<u32>(at);
    const right = load<u32>(at, 4);
    const id = load<u32>(at, 8);
    if (!happens(left, right, rank) || lengthOf(id) > 0 || !fitUntil(left, right, rank)) continue;
    memory.copy(bytes, <usize>load<u32>(entryOf(left), SHORTER), lengthOf(left));
    memory.copy(bytes + lengthOf(left), <usize>load<u32>(entryOf(right), SHORTER), lengthOf(right));
    bytes = fillEntry(id, rank, bytes, lengthOf(left) + lengthOf(right));
    store<u32>(entryOf(id), left, LEFT);
    store<u32>(entryOf(id), right, RIGHT);
  }
  for (let rank: u32 = 0; rank < count; rank++) {
    const at = merges + <usize>rank * 12;
    const left = load<u32>(at);
    const right = load<u32>(at, 4);
    if (!happens(left, right, rank)) continue;
    if (<i32>rank <= max(load<i32>(entryOf(left), RANK), load<i32>(entryOf(right), RANK))) return;
  }
  store<u32>(filled, 1);
}

function fillEntry(id: u32, rank: u32, bytes: usize, length: usize): usize {
  store<u32>(entryOf(id), <u32>length);
  store<u32>(entryOf(id), <u32>bytes, SHORTER);
  store<u32>(entryOf(id), rank, RANK);
  addToken(bytes, bytes + length, id + 1);
  return bytes + length;
}

/** Whether a pair is merged by this merge, and both of its parts come about. */
function happens(left: u32, right: u32, rank: u32): bool {
  return rankOf(left, right) == rank && lengthOf(left) > 0 && lengthOf(right) > 0;
}

/** Adds a token that stands for a whole word even if merges never end with it (`ignore_merges`). */
export function addWord(start: usize, end: usize, id: u32): void {
  addToken(start, end, canDivide() && lengthOf(id) > 0 ? id + 1 : (id + 1) | WORD);
}

/** After the last token. */
export function finishTokens(): void {
  packTrie((value: i32, shorter: i32): void => {
    if (value > 0) store<i32>(entryOf(value - 1), shorter - 1, SHORTER);
  });
}

/** The longest token at the beginning of [start, end), where there is a byte at least. */
@inline function longest(start: usize, end: usize): u32 {
  let node = firstStep(load<u8>(start));
  let found = valueOf(node);
  for (let p = start + 1; p < end; p++) {
    node = step(node, load<u8>(p));
    if (node == ROOT) break;
    const value = valueOf(node);
    found = value > 0 ? value : found;
  }
  return found - 1;
}

/** The token of bytes [start, end), of one byte at least, or -1. */
export function wordToken(start: usize, end: usize): i32 {
  let node = firstStep(load<u8>(start));
  for (let p = start + 1; node != ROOT && p < end; p++) node = step(node, load<u8>(p));
  return node == ROOT ? -1 : (valueOf(node) & ~WORD) - 1;
}

/**
 * Whether no merge of a rank below the given one crosses the boundary between two tokens. Undoes the merges that made the
 * two, the last first, and looks up the pair that stands at the boundary each time: it would have merged if its rank is
 * below those of the merges that replaced its parts. Among equal ranks, merges happen from left to right.
 */
function fitUntil(leftToken: u32, rightToken: u32, rank: u32): bool {
  let left = leftToken;
  let right = rightToken;
  let leftEnds = rank;
  let rightEnds = rank;
  while (true) {
    const crossing = rankOf(left, right);
    if (crossing < leftEnds && crossing <= rightEnds) return false;
    const leftRank = load<i32>(entryOf(left), RANK);
    const rightRank = load<i32>(entryOf(right), RANK);
    if (rightRank >= leftRank) {
      if (rightRank < 0) return true;
      rightEnds = rightRank;
      right = load<u32>(entryOf(right), LEFT);
    } else {
      leftEnds = leftRank;
      left = load<u32>(entryOf(left), RIGHT);
    }
  }
}

/** Where the ids of the word that `divide` divided last stand. */
export let dividedIds: usize = 0;

/** Divides the word of bytes [start, end), of one byte at least; returns how many ids it has. @param scratch free memory from there on */
export function divide(start: usize, end: usize, scratch: usize): u32 {
  const length = end - start;
  const ids = length <= SHORT ? SYMBOLS : scratch;
  /** A bit for each place that no sequence of fitting tokens goes on from. */
  const closed = ids + (length << 2);
  if (length > SHORT) reach(closed + (length >> 3) + 64);
  memory.fill(closed, 0, (length >> 3) + 1);
  dividedIds = ids;
  let at: usize = 0;
  let to = ids;
  let token = longest(start, end);
  while (true) {
    const next = at + lengthOf(token);
    const isOpen = !(load<u8>(closed + (next >> 3)) & (1 << (<u8>next & 7)));
    if (isOpen && (to == ids || fitUntil(load<u32>(to - 4), token, NONE))) {
      store<i32>(to, token);
      to += 4;
      at = next;
      if (at == length) return <u32>((to - ids) >> 2);
      token = longest(start + at, end);
      continue;
    }
    const shorter = load<i32>(entryOf(token), SHORTER);
    if (shorter >= 0) {
      token = shorter;
      continue;
    }
    store<u8>(closed + (at >> 3), load<u8>(closed + (at >> 3)) | (1 << (<u8>at & 7)));
    to -= 4;
    token = load<i32>(to);
    at -= lengthOf(token);
  }
}
