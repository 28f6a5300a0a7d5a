// WordPiece: greedy longest match from the left, by a trie over the bytes of the vocabulary.
import { allocate } from './memory';

/** State 0 begins a word, state 1 goes on in one. */
const FIRST: u32 = 0;
const CONTINUING: u32 = 1;

/** Open addressing; 8 bytes a slot: (state << 8 | byte) + 1, next state. */
let edges: usize = 0;
let edgeShift: u32 = 0;
let edgeMask: usize = 0;
/** The id of the token that ends in a state, plus 1; 0 where none does. */
let values: usize = 0;
let states: u32 = 2;

let unknown: i32 = 0;
let maxCharacters: i32 = 0;

/** @param bytes upper bound of the bytes of all calls of `trieToken` together */
export function setUpTrie(bytes: u32, unknownId: i32, maxInputCharacters: i32): void {
  let bits: u32 = 10;
  while ((<u32>1 << bits) <= bytes) bits++;
  edges = allocate(<usize>8 << <usize>bits);
  edgeShift = 32 - bits;
  edgeMask = (<usize>1 << <usize>bits) - 1;
  values = allocate((<usize>bytes + 2) << 2);
  unknown = unknownId;
  maxCharacters = maxInputCharacters;
}

/** Adds the token of bytes [start, end), which begins a word or goes on in one. */
export function trieToken(start: usize, end: usize, id: i32, continuing: bool): void {
  let state = continuing ? CONTINUING : FIRST;
  for (let p = start; p < end; p++) {
    const key = ((state << 8) | <u32>load<u8>(p)) + 1;
    let slot = <usize>((key * 0x9e3779b1) >> edgeShift);
    let found: u32 = 0;
    while ((found = load<u32>(edges + (slot << 3))) != key && found != 0) slot = (slot + 1) & edgeMask;
    if (found == 0) {
      store<u32>(edges + (slot << 3), key);
      store<u32>(edges + (slot << 3), states++, 4);
    }
    state = load<u32>(edges + (slot << 3), 4);
  }
  store<i32>(values + (<usize>state << 2), id + 1);
}

/** The id of an unknown word. */
@inline export function unknownId(): i32 {
  return unknown;
}

@inline export function maxWordCharacters(): i32 {
  return maxCharacters;
}

/** Writes the ids of the word of bytes [start, end) at `out` and returns their number. The word's length is not looked at. */
export function cutWord(start: usize, end: usize, out: usize): i32 {
  let from = start;
  let to = out;
  let root = FIRST;
  while (from < end) {
    let state = root;
    let id: i32 = -1;
    let tokenEnd = from;
    for (let p = from; p < end; ) {
      const key = ((state << 8) | <u32>load<u8>(p)) + 1;
      let slot = <usize>((key * 0x9e3779b1) >> edgeShift);
      let found: u32 = 0;
      while ((found = load<u32>(edges + (slot << 3))) != key && found != 0) slot = (slot + 1) & edgeMask;
      if (found == 0) break;
      state = load<u32>(edges + (slot << 3), 4);
      p++;
      const value = load<i32>(values + (<usize>state << 2));
      if (value > 0) {
        id = value - 1;
        tokenEnd = p;
      }
    }
    if (id < 0) {
      store<i32>(out, unknown);
      return 1;
    }
    store<i32>(to, id);
    to += 4;
    from = tokenEnd;
    root = CONTINUING;
  }
  return <i32>((to - out) >> 2);
}
