import { TWO_TO_32 } from '../random/counter.js';
import { countBitWords, type DrawPositions, type DrawRows, type Draws } from '../random/draws.js';
import type { MaskingRule } from '../rule.js';
import { selectByCount } from './by-count.js';
import { selectionOf } from './index.js';
import { lengthOf, type RunLengths, runLengths, type Selection, startChance } from './selection.js';
import { findWords, type MaskedBits, nextBoundary, setBits, type WordBits } from './words.js';

/**
 * Selects the positions to mask.
 *
 * Runs of several words are drawn as a stationary process, on which each stretch of text is a window. A word outside
 * any run begins one with probability {@link startChance}; at the beginning of a stretch, a run is under way with
 * probability p, and its remaining length has its own distribution. So every word is masked with probability p, even
 * the first and the last of a row. Protected tokens, such as a [SEP] between documents, end a stretch.
 *
 * @returns views that the next call overwrites
 */
export function selectPositions(
  rows: DrawRows,
  ids: Int32Array,
  rule: MaskingRule,
  draws: Draws,
): MaskedBits {
  const { settings } = rule;
  const selection = selectionOf(settings.select);
  const { probability, exact_count, min_masks, max_masks } = settings;
  const isCounted = exact_count === true || min_masks !== undefined || max_masks !== undefined;
  if (selection.of === 'tokens' && !isCounted) {
    return { bits: draws.select(rows, probability), runStarts: undefined };
  }
  const words = findWords(rows, ids, rule.classes);
  const runs = runLengths(selection.lengths);
  const masked = roomFor(countBitWords(rows), selection);
  if (!exact_count) {
    const drawn = draws.select(rows, startChance(probability, runs.mean));
    if (selection.lengths.length === 1) fillWords(rows, drawn, words, masked.bits);
    else fillRuns(rows, drawn, words, runs, probability, draws, masked);
  }
  if (isCounted) selectByCount(rows, words, runs, settings, draws, masked);
  return masked;
}

let room = { bits: new Uint32Array(0), starts: new Uint32Array(0) };

function roomFor(words: number, { replacedAsOne = false }: Selection): MaskedBits {
  if (room.bits.length < words) room = { bits: new Uint32Array(words), starts: new Uint32Array(words) };
  const { bits, starts } = room;
  bits.fill(0, 0, words);
  if (replacedAsOne) starts.fill(0, 0, words);
  return { bits, runStarts: replacedAsOne ? starts : undefined };
}

/** Masks the words whose first token is drawn, 32 positions at a time. */
function fillWords(
  rows: DrawRows,
  drawn: Uint32Array,
  { begins, isProtected }: WordBits,
  bits: Uint32Array,
): void {
  let word = 0;
  for (let row = 0; row < rows.count; row++) {
    const lastWord = word + ((rows.lengths[row]! + 31) >>> 5);
    let before = 0;
    for (; word < lastWord; word++) {
      const first = drawn[word]! & begins[word]!;
      const rest = ~(begins[word]! | isProtected[word]!);
      // The rest of a word is a run of ones; adding one at its low end carries through all of it.
      const reached = rest & ((first << 1) | before);
      const whole = first | (rest & ~(rest + reached));
      bits[word] = whole;
      before = whole >>> 31;
    }
  }
}

/** Words at which a run may begin or be under way. */
let candidates = { indices: new Int32Array(0), rowOf: new Int32Array(0), bitOf: new Int32Array(0) };

/** Masks runs of words, which begin at words drawn outside a run, or are under way at the beginning of a stretch. */
function fillRuns(
  rows: DrawRows,
  drawn: Uint32Array,
  words: WordBits,
  runs: RunLengths,
  probability: number,
  draws: Draws,
  { bits, runStarts }: MaskedBits,
): void {
  const found = findCandidates(rows, drawn, words);
  const { rowOf, bitOf, count } = found;
  const { lengths, underWay, left } = draws.runs(found, rows);
  const { stretches, isProtected } = words;
  const underWayBelow = probability * TWO_TO_32;
  let reach = 0;
  for (let i = 0; i < count; i++) {
    const from = bitOf[i]!;
    if (from < reach) continue;
    const isStretch = ((stretches[from >>> 5]! >>> from) & 1) === 1;
    if (isStretch && underWay[i]! >= underWayBelow) continue;
    const length = isStretch ? lengthOf(left[i]!, runs.leftUpTo) : lengthOf(lengths[i]!, runs.upTo);
    // A row's first bit is the first of a word.
    const row = rowOf[i]!;
    const end = from - (found.indices[i]! - rows.starts[row]!) + rows.lengths[row]!;
    let last = from;
    for (let word = 0; word < length && last < end; word++) {
      if ((isProtected[last >>> 5]! >>> last) & 1) break;
      last = nextBoundary(words, last, end);
    }
    if (runStarts) runStarts[from >>> 5]! |= 1 << from;
    setBits(bits, from, last);
    reach = last;
  }
}

function findCandidates(
  rows: DrawRows,
  drawn: Uint32Array,
  { begins, stretches }: WordBits,
): DrawPositions & { bitOf: Int32Array } {
  const most = 32 * countBitWords(rows);
  if (candidates.indices.length < most) {
    candidates = {
      indices: new Int32Array(most),
      rowOf: new Int32Array(most),
      bitOf: new Int32Array(most),
    };
  }
  const { indices, rowOf, bitOf } = candidates;
  let count = 0;
  let word = 0;
  for (let row = 0; row < rows.count; row++) {
    const start = rows.starts[row]!;
    const end = start + rows.lengths[row]!;
    for (let first = start; first < end; first += 32, word++) {
      let left = (drawn[word]! & begins[word]!) | stretches[word]!;
      for (; left !== 0; left &= left - 1) {
        const bit = 31 - Math.clz32(left & -left);
        indices[count] = first + bit;
        rowOf[count] = row;
        bitOf[count++] = (word << 5) + bit;
      }
    }
  }
  return { count, indices, rowOf, bitOf };
}
