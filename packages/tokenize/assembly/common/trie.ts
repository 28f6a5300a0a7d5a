// A trie over the bytes of tokens. It is collected in a hash table, which is left behind, and then packed depth first: what
// one token needs lies close together then, in few lines of the processor's cache, and that decides how fast it is.
import { allocate, free, reach } from './heap';

/** Before any token. */
export const ROOT: usize = 0;

// A packed node: the value (u32), how many children there are (u16), the byte of each; a single child follows at once, else
// the address of each child (u32).
const COUNT: usize = 4;
const CHILDREN: usize = 6;

/** For each byte the child of the root, or 0. */
let roots: usize = 0;

// While it is collected: states are numbered from 1, the root's number.
/** Open addressing; 8 bytes a slot: (state << 8 | byte) + 1, next state. */
let edges: usize = 0;
let edgeShift: u32 = 0;
let edgeMask: usize = 0;
/** For each state 24 bytes: the value, … */
const STATE: usize = 24;
/** … the child that came last, the sibling that came before, the byte that leads here; … */
const CHILD: usize = 4;
const SIBLING: usize = 8;
const BYTE: usize = 12;
/** … while it is packed, the value of the nearest token above, and where its address belongs. */
const ABOVE: usize = 16;
const LINK: usize = 20;
let table: usize = 0;
let states: u32 = 1;
/** Upper bound of the bytes of all tokens together. */
let bound: u32 = 0;

/** @param bytes upper bound of the bytes of all tokens together */
export function setUpTrie(bytes: u32): void {
  roots = allocate(1024);
  bound = bytes;
}

/** Behind this address there is free memory also while the trie is packed. */
export function spare(): usize {
  return free() + (<usize>bound + 1) * 12;
}

/** Before the first token. @param at free memory from there on, behind `spare` */
export function beginTrie(at: usize): void {
  let bits: u32 = 10;
  while ((<u32>1 << bits) <= bound + (bound >> 2)) bits++;
  edges = (at + 7) & ~7;
  edgeShift = 32 - bits;
  edgeMask = (<usize>1 << <usize>bits) - 1;
  table = edges + (<usize>8 << <usize>bits);
  // As many more bytes as states, for the stack.
  const end = table + (<usize>bound + 2) * (STATE + 4);
  reach(end);
  memory.fill(edges, 0, end - edges);
}

@inline function stateAt(state: u32): usize {
  return table + <usize>state * STATE;
}

/** Adds the token of bytes [start, end); a later one of the same bytes takes its place. @param value any but 0 */
export function addToken(start: usize, end: usize, value: i32): void {
  let state: u32 = 1;
  for (let p = start; p < end; p++) {
    const byte = <u32>load<u8>(p);
    const key = ((state << 8) | byte) + 1;
    let slot = <usize>((key * 0x9e3779b1) >> edgeShift);
    let found: u32 = 0;
    while ((found = load<u32>(edges + (slot << 3))) != key && found != 0) slot = (slot + 1) & edgeMask;
    if (found == 0) {
      const child = ++states;
      store<u32>(edges + (slot << 3), key);
      store<u32>(edges + (slot << 3), child, 4);
      store<u32>(stateAt(child), load<u32>(stateAt(state), CHILD), SIBLING);
      store<u32>(stateAt(child), byte, BYTE);
      store<u32>(stateAt(state), child, CHILD);
    }
    state = load<u32>(edges + (slot << 3), 4);
  }
  store<i32>(stateAt(state), value);
}

/** After the last token. @param eachToken is given each value, and that of the longest token it begins with, or 0 */
export function packTrie(eachToken: (value: i32, shorter: i32) => void): void {
  const base = free();
  const stack = stateAt(states + 1);
  let depth: usize = 0;
  let out = base;
  for (let child = load<u32>(stateAt(1), CHILD); child != 0; child = load<u32>(stateAt(child), SIBLING)) {
    store<u32>(stateAt(child), <u32>(roots + (<usize>load<u32>(stateAt(child), BYTE) << 2)), LINK);
    store<u32>(stack + (depth++ << 2), child);
  }
  while (depth > 0) {
    const state = stateAt(load<u32>(stack + (--depth << 2)));
    const value = load<i32>(state);
    const above = load<i32>(state, ABOVE);
    if (value != 0) eachToken(value, above);
    const link = <usize>load<u32>(state, LINK);
    if (link != 0) store<u32>(link, <u32>out);
    let count: u32 = 0;
    for (let child = load<u32>(state, CHILD); child != 0; child = load<u32>(stateAt(child), SIBLING)) {
      store<i32>(stateAt(child), value > 0 ? value : above, ABOVE);
      store<u32>(stack + (depth++ << 2), child);
      store<u8>(out + CHILDREN + <usize>count, load<u32>(stateAt(child), BYTE));
      count++;
    }
    store<i32>(out, value);
    store<u16>(out, <u16>count, COUNT);
    out += CHILDREN + <usize>count;
    if (count < 2) continue;
    for (let child = load<u32>(state, CHILD); child != 0; child = load<u32>(stateAt(child), SIBLING)) {
      store<u32>(stateAt(child), <u32>out, LINK);
      out += 4;
    }
  }
  allocate(out - base);
}

/** The node after the first byte of a token, or ROOT. */
@inline export function firstStep(byte: u32): usize {
  return <usize>load<u32>(roots + (<usize>byte << 2));
}

/** The node after one more byte, or ROOT where no token goes on so. */
@inline export function step(node: usize, byte: u32): usize {
  const count = <usize>load<u16>(node, COUNT);
  if (count == 1) return <u32>load<u8>(node, CHILDREN) == byte ? node + CHILDREN + 1 : ROOT;
  return stepAmong(node, byte, count);
}

function stepAmong(node: usize, byte: u32, count: usize): usize {
  const wanted = i8x16.splat(<i8>byte);
  for (let i: usize = 0; i < count; i += 16) {
    const hits = i8x16.bitmask(i8x16.eq(v128.load(node + CHILDREN + i), wanted));
    if (hits == 0) continue;
    const child = i + <usize>ctz<i32>(hits);
    return child < count ? <usize>load<u32>(node + CHILDREN + count + (child << 2)) : ROOT;
  }
  return ROOT;
}

/** The value of the token that ends at a node, or 0. */
@inline export function valueOf(node: usize): i32 {
  return load<i32>(node);
}
