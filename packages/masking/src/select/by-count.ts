import type { MaskingSettings } from '@mlm/arrow/columns';
import type { DrawRows, Draws } from '../random/draws.js';
import { lengthOf, type RunLengths } from './selection.js';
import { type MaskedBits, nextBoundary, setBits, type WordBits } from './words.js';

/** Combines a draw and a position into one number, which sorts fast: rows are shorter than 2^20 tokens. */
const POSITIONS = 2 ** 20;

let keys = new Float64Array(0);
let places = { indices: new Int32Array(0), rowOf: new Int32Array(0) };

/**
 * Masks again, by count, the rows whose number of masked tokens the settings do not allow. Words are taken in the order
 * of their draws, the lowest first, so for tokens and whole words the result contains everything drawn below the
 * probability, or the lowest part of it.
 *
 * `exact_count` follows BERT's own script (create_pretraining_data.py): of a row's n tokens, including special ones,
 * round(p · n) are masked, at least one and at most `max_masks`; a word that would exceed the count is skipped. The
 * tokens of the last word may exceed `min_masks`.
 */
export function selectByCount(
  rows: DrawRows,
  words: WordBits,
  runs: RunLengths,
  settings: MaskingSettings,
  draws: Draws,
  masked: MaskedBits,
): void {
  const { probability, exact_count = false, min_masks = 0 } = settings;
  const most = settings.max_masks ?? Number.POSITIVE_INFINITY;
  let firstBit = 0;
  for (let row = 0; row < rows.count; row++) {
    const length = rows.lengths[row]!;
    const endBit = firstBit + length;
    if (exact_count) {
      const tokens = length - rows.padding[row]!;
      const wanted = Math.min(most, Math.max(1, min_masks, roundHalfToEven(probability * tokens)));
      takeWords(row, wanted, false);
    } else {
      const count = countBits(masked.bits, firstBit, length);
      if (count < min_masks) takeWords(row, Math.min(min_masks, most), min_masks < most);
      else if (count > most) takeWords(row, most, false);
    }
    firstBit = ((endBit + 31) >>> 5) << 5;
  }

  /** Takes words until the count is reached. A last word that would exceed it is skipped, unless `mayExceed`. */
  function takeWords(row: number, wanted: number, mayExceed: boolean): void {
    clear(masked, firstBit, rows.lengths[row]!);
    const order = wordsInOrder(rows, row, firstBit, words, draws);
    const lengths = runs.upTo.length > 1 ? drawLengths(rows, row, order, draws) : undefined;
    let count = 0;
    for (const strict of [!mayExceed, false]) {
      for (let i = 0; i < order.length && count < wanted; i++) {
        const position = order[i]! % POSITIONS;
        const longest = lengths ? lengthOf(lengths[i]!, runs.upTo) : 1;
        count += takeRun(firstBit + position, firstBit + rows.lengths[row]!, longest, wanted - count, strict);
      }
      // If every word is longer than the whole count, one is taken anyway, so that at least one token is masked.
      if (count > 0) break;
    }
  }

  /** Masks a run of words from a bit on. @returns the number of its tokens; 0 if it does not fit */
  function takeRun(from: number, end: number, longest: number, room: number, strict: boolean): number {
    const { bits, runStarts } = masked;
    let last = from;
    for (let word = 0; word < longest && last < end && last - from < room; word++) {
      if (((words.begins[last >>> 5]! >>> last) & 1) === 0) break;
      if ((bits[last >>> 5]! >>> last) & 1) break;
      const next = nextBoundary(words, last, end);
      if (strict && next - from > room) break;
      setBits(bits, last, next);
      last = next;
    }
    if (runStarts && last > from) runStarts[from >>> 5]! |= 1 << from;
    return last - from;
  }
}

/** Keys of a row's words, in ascending order of their draws; the position is the key modulo {@link POSITIONS}. */
function wordsInOrder(
  rows: DrawRows,
  row: number,
  firstBit: number,
  { begins }: WordBits,
  draws: Draws,
): Float64Array {
  const length = rows.lengths[row]!;
  if (keys.length < length) keys = new Float64Array(length);
  const ranks = draws.rank(rows, row);
  let count = 0;
  for (let position = 0; position < length; position++) {
    const bit = firstBit + position;
    if ((begins[bit >>> 5]! >>> bit) & 1) keys[count++] = Math.floor(ranks[position]!) * POSITIONS + position;
  }
  return keys.subarray(0, count).sort();
}

function drawLengths(rows: DrawRows, row: number, order: Float64Array, draws: Draws): ArrayLike<number> {
  const count = order.length;
  if (places.indices.length < count)
    places = { indices: new Int32Array(count), rowOf: new Int32Array(count) };
  const { indices, rowOf } = places;
  for (let i = 0; i < count; i++) indices[i] = rows.starts[row]! + (order[i]! % POSITIONS);
  rowOf.fill(row, 0, count);
  return draws.runs({ count, indices, rowOf }, rows).lengths;
}

function clear({ bits, runStarts }: MaskedBits, firstBit: number, length: number): void {
  const [from, to] = [firstBit >>> 5, (firstBit + length + 31) >>> 5];
  bits.fill(0, from, to);
  runStarts?.fill(0, from, to);
}

function countBits(bits: Uint32Array, firstBit: number, length: number): number {
  let count = 0;
  const end = (firstBit + length + 31) >>> 5;
  for (let word = firstBit >>> 5; word < end; word++) {
    for (let left = bits[word]!; left !== 0; left &= left - 1) count++;
  }
  return count;
}

/** Rounds like Python's `round`, which BERT's script calls. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const isHalf = value - floor === 0.5;
  return isHalf ? floor + (floor % 2) : Math.round(value);
}
