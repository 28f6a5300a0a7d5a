// WordPiece: greedy longest match from the left. One trie holds all tokens; what goes on in a word begins behind the prefix
// there.
import { ROOT, addToken, firstStep, packTrie, setUpTrie as setUpRoots, step, valueOf } from '../common/trie';
import { allocate, HEAP, release } from './memory';

export { beginTrie, spare } from '../common/trie';

/** For each byte the node after the prefix and that byte, or ROOT. */
let continuing: usize = 0;
let unknown: i32 = 0;
let maxCharacters: i32 = 0;

/** First of all. @param bytes upper bound of the bytes of all tokens together */
export function setUpTrie(bytes: u32, unknownId: i32, maxInputCharacters: i32): void {
  release(HEAP);
  setUpRoots(bytes);
  continuing = allocate(1024);
  unknown = unknownId;
  maxCharacters = maxInputCharacters;
}

/** Adds the token of bytes [start, end); a later one of the same bytes takes its place. */
export function trieToken(start: usize, end: usize, id: i32): void {
  addToken(start, end, id + 1);
}

/** After the last token. @param prefix of the tokens that go on in a word */
export function finishTrie(prefix: usize, prefixLength: usize): void {
  packTrie((): void => {});
  let node = ROOT;
  for (let i: usize = 0; i < prefixLength; i++) {
    node = i == 0 ? firstStep(load<u8>(prefix)) : step(node, load<u8>(prefix + i));
    if (node == ROOT) return;
  }
  for (let byte: u32 = 0; byte < 256; byte++) {
    store<u32>(continuing + (<usize>byte << 2), <u32>(prefixLength == 0 ? firstStep(byte) : step(node, byte)));
  }
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
  let to = out;
  let from = start;
  let node = firstStep(load<u8>(from));
  while (true) {
    let value: i32 = 0;
    let tokenEnd = from;
    for (let p = from + 1; node != ROOT; p++) {
      const ending = valueOf(node);
      if (ending != 0) {
        value = ending;
        tokenEnd = p;
      }
      if (p == end) break;
      node = step(node, load<u8>(p));
    }
    if (value == 0) {
      store<i32>(out, unknown);
      return 1;
    }
    store<i32>(to, value - 1);
    to += 4;
    from = tokenEnd;
    if (from == end) return <i32>((to - out) >> 2);
    node = <usize>load<u32>(continuing + (<usize>load<u8>(from) << 2));
  }
}
