// The division of a word into the pieces of the highest total score (Kudo 2018). Totals are added up and compared in the
// order of Rust tokenizers, which decides between divisions into the same pieces in another order (src/model/unigram.ts).
import { allocate, reach } from '../common/heap';
import { firstStep, ROOT, step, valueOf } from '../common/trie';
import { decode, sizeOf } from '../common/utf8';

const NONE: u32 = 0xffffffff;

/** The score of each token. */
export let scores: usize = 0;
let unknown: i32 = 0;
let unknownScore: f64 = 0;

export function setUpScores(count: u32, unknownId: i32, scoreOfUnknown: f64): void {
  scores = allocate(<usize>count << 3);
  unknown = unknownId;
  unknownScore = scoreOfUnknown;
}

/** Where the ids of the word that `divide` divided last stand. */
export let dividedIds: usize = 0;

/**
 * Divides the word of bytes [start, end); returns how many ids it has.
 * @param scratch free memory from there on: 16 bytes a place between bytes, for the best total of the division up to there,
 *   where its last piece begins, and that piece
 */
export function divide(start: usize, end: usize, scratch: usize): u32 {
  const length = end - start;
  reach(scratch + ((length + 1) << 4) + (length << 2) + 128);
  for (let at = scratch; at <= scratch + (length << 4); at += 16) store<u32>(at, NONE, 8);
  store<f64>(scratch, 0);
  store<u32>(scratch, 0, 8);
  for (let p = start; p < end; ) {
    const place = scratch + ((p - start) << 4);
    const before = load<f64>(place);
    const next = min(p + sizeOf(decode(p)), end);
    let hasSingle = false;
    let node = firstStep(load<u8>(p));
    for (let q = p + 1; node != ROOT; q++) {
      const value = valueOf(node);
      if (value > 0) {
        offer(scratch, p - start, q - start, value - 1, load<f64>(scores + (<usize>(value - 1) << 3)) + before);
        if (q == next) hasSingle = true;
      }
      if (q == end) break;
      node = step(node, load<u8>(q));
    }
    if (!hasSingle) offer(scratch, p - start, next - start, unknown, unknownScore + before);
    p = next;
  }
  // Backwards; unknown characters beside each other are one unknown token.
  const ids = scratch + ((length + 1) << 4);
  let to = ids + (length << 2);
  const last = to;
  for (let at = length; at > 0; ) {
    const place = scratch + (at << 4);
    const piece = load<i32>(place, 12);
    if (piece != unknown || to == last || load<i32>(to) != unknown) {
      to -= 4;
      store<i32>(to, piece);
    }
    at = <usize>load<u32>(place, 8);
  }
  dividedIds = to;
  return <u32>((last - to) >> 2);
}

@inline function offer(scratch: usize, from: usize, to: usize, piece: i32, total: f64): void {
  const place = scratch + (to << 4);
  if (load<u32>(place, 8) != NONE && total <= load<f64>(place)) return;
  store<f64>(place, total);
  store<u32>(place, <u32>from, 8);
  store<i32>(place, piece, 12);
}
