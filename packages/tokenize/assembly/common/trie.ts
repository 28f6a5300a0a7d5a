// A trie over the bytes of tokens.
import { allocate } from './heap';

/** Open addressing; 8 bytes a slot: (state << 8 | byte) + 1, next state. */
let edges: usize = 0;
let edgeShift: u32 = 0;
let edgeMask: usize = 0;
/** For each state, the id of the token that ends there, plus 1; 0 where none does. */
let values: usize = 0;
let states: u32 = 1;

/** Before any token. */
export const ROOT: u32 = 0;

/** @param bytes upper bound of the bytes of all tokens together */
export function setUpTrie(bytes: u32): void {
  let bits: u32 = 10;
  while ((<u32>1 << bits) <= bytes + (bytes >> 2)) bits++;
  edges = allocate(<usize>8 << <usize>bits);
  edgeShift = 32 - bits;
  edgeMask = (<usize>1 << <usize>bits) - 1;
  values = allocate((<usize>bytes + 2) << 2);
}

/** Adds the token of bytes [start, end); a later one of the same bytes takes its place. */
export function addToken(start: usize, end: usize, id: i32): void {
  let state = ROOT;
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

/** The state after one more byte, or ROOT where no token goes on so. */
@inline export function step(state: u32, byte: u32): u32 {
  const key = ((state << 8) | byte) + 1;
  let slot = <usize>((key * 0x9e3779b1) >> edgeShift);
  let found = load<u64>(edges + (slot << 3));
  while (<u32>found != key) {
    if (<u32>found == 0) return ROOT;
    slot = (slot + 1) & edgeMask;
    found = load<u64>(edges + (slot << 3));
  }
  return <u32>(found >> 32);
}

/** The id of the token that ends in a state, plus 1, or 0. */
@inline export function valueOf(state: u32): i32 {
  return load<i32>(values + (<usize>state << 2));
}
