import { int8Memory, int32Memory, type ListColumn, type MaskedColumns } from '@mlm/arrow/columns';
import { selectionWord } from '../random/counter.js';
import { countBitWords, type DrawRows, type Draws } from '../random/draws.js';
import { type MaskedPositions, replaceMasked, replacementOf } from '../replace/index.js';
import type { MaskingRule } from '../rule.js';
import { selectPositions } from '../select/select.js';
import { type MaskedBits, outsideVocabulary } from '../select/words.js';
import { fromZero, IGNORED_LABEL } from './originals.js';
import type { RowPlaces } from './places.js';

/** Tokens to draw for at a time: as many as fit the processor's caches. */
const CHUNK_TOKENS = 32_768;

/** Masked rows, and how many of their tokens were masked. */
export interface MaskedRows extends MaskedColumns {
  /** Number of masked tokens, whatever replaced them. */
  masked: number;
  /** Positions that are not padding. */
  tokens: number;
}

/**
 * Applies the masking rule to the rows of a column, in place: order and lengths stay, and masked ids overwrite the
 * originals.
 * @throws InputError when an id to be masked lies outside the vocabulary.
 */
export function applyRule(
  column: ListColumn<Int32Array>,
  rule: MaskingRule,
  places: RowPlaces,
  epoch: number,
  draws: Draws,
): MaskedRows {
  const { values: ids, offsets } = fromZero(column);
  const labels = int32Memory(ids.length);
  const attention = int8Memory(ids.length);
  const replacement = replacementOf(rule.settings.replace);
  let maskedCount = 0;
  let tokens = ids.length;
  for (let begin = 0, end = 0; begin < offsets.length - 1; begin = end) {
    end = chunkEnd(offsets, begin);
    const [first, last] = [offsets[begin]!, offsets[end]!];
    if (rule.settings.labels === 'all') labels.set(ids.subarray(first, last), first);
    else labels.fill(IGNORED_LABEL, first, last);
    attention.fill(1, first, last);
    const rows = chunkRows(offsets, places, begin, end, epoch, rule.settings.dupe_factor ?? 1);
    for (let row = 0; row < rows.count; row++) {
      rows.padding[row] = clearPadding(ids, rows, row, rule.padId, labels, attention);
      tokens -= rows.padding[row]!;
    }
    const bits = selectPositions(rows, ids, rule, draws);
    if (replacement.mask === 1) {
      maskedCount += label(bits, rows, ids, labels, rule);
    } else {
      const masked = roomFor(countBitWords(rows) * 32);
      masked.count = label(bits, rows, ids, labels, rule, masked);
      replaceMasked(ids, masked, rows, rule, replacement, draws);
      maskedCount += masked.count;
    }
  }
  // Each column needs its own offsets: apache-arrow's tableToIPC drops a buffer that follows itself.
  return {
    input_ids: { values: ids, offsets: offsets.slice() },
    labels: { values: labels, offsets: offsets.slice() },
    attention_mask: { values: attention, offsets: offsets.slice() },
    masked: maskedCount,
    tokens,
  };
}

/** The end of a chunk that begins at a row: at least one row, otherwise as many as fit the chunk's tokens. */
function chunkEnd(offsets: Int32Array, begin: number): number {
  const limit = offsets[begin]! + CHUNK_TOKENS;
  let end = begin + 1;
  while (end < offsets.length - 1 && offsets[end + 1]! <= limit) end++;
  return end;
}

let rowRoom = rowsOfRoom(0);

function rowsOfRoom(room: number): DrawRows & { count: number } {
  const array = () => new Int32Array(room);
  return {
    count: 0,
    starts: array(),
    lengths: array(),
    padding: array(),
    rows: array(),
    units: array(),
    lasts: array(),
  };
}

/** The inputs to the draws of a chunk's rows. The next call overwrites them. */
function chunkRows(
  offsets: Int32Array,
  { split, rows, units }: RowPlaces,
  begin: number,
  end: number,
  epoch: number,
  copies: number,
): DrawRows {
  const count = end - begin;
  if (rowRoom.starts.length < count) rowRoom = rowsOfRoom(count);
  rowRoom.count = count;
  const last = selectionWord(epoch, split);
  for (let i = 0; i < count; i++) {
    const row = rows[begin + i]!;
    rowRoom.starts[i] = offsets[begin + i]!;
    rowRoom.lengths[i] = offsets[begin + i + 1]! - offsets[begin + i]!;
    rowRoom.units[i] = units[begin + i]!;
    if (copies === 1) {
      rowRoom.rows[i] = row;
      rowRoom.lasts[i] = last;
    } else {
      rowRoom.rows[i] = Math.floor(row / copies);
      rowRoom.lasts[i] = selectionWord(epoch * copies + (row % copies), split);
    }
  }
  return rowRoom;
}

/** @returns the number of padding positions in the row */
function clearPadding(
  ids: Int32Array,
  { starts, lengths }: DrawRows,
  row: number,
  padId: number,
  labels: Int32Array,
  attention: Int8Array,
): number {
  const start = starts[row]!;
  const end = start + lengths[row]!;
  let i = end;
  for (; i > start && ids[i - 1] === padId; i--) {
    attention[i - 1] = 0;
    labels[i - 1] = IGNORED_LABEL;
  }
  return end - i;
}

let maskedRoom: MaskedPositions = positionsOfRoom(0);

function positionsOfRoom(room: number): MaskedPositions {
  return {
    count: 0,
    indices: new Int32Array(room),
    rowOf: new Int32Array(room),
    kindOf: new Int32Array(room),
  };
}

function roomFor(count: number): MaskedPositions {
  if (maskedRoom.indices.length < count) maskedRoom = positionsOfRoom(count);
  return maskedRoom;
}

/**
 * Masks the positions whose bit is set and whose id is not protected: their ids become labels. If `masked` is given, it
 * receives the positions; otherwise each becomes [MASK] at once.
 * @returns the number of masked positions
 */
function label(
  { bits, runStarts }: MaskedBits,
  { count: rowCount, starts, lengths }: DrawRows,
  ids: Int32Array,
  labels: Int32Array,
  { isProtected, vocabularySize, maskId }: MaskingRule,
  masked?: MaskedPositions,
): number {
  let count = 0;
  let word = 0;
  let kind = 0;
  for (let row = 0; row < rowCount; row++) {
    const start = starts[row]!;
    const end = start + lengths[row]!;
    for (let first = start; first < end; first += 32, word++) {
      for (let left = bits[word]!; left !== 0; left &= left - 1) {
        const bit = 31 - Math.clz32(left & -left);
        const index = first + bit;
        const id = ids[index]!;
        const isKept = isProtected[id];
        if (isKept === 1) continue;
        if (isKept === undefined) throw outsideVocabulary(id, vocabularySize);
        labels[index] = id;
        if (masked === undefined) ids[index] = maskId;
        else {
          if (runStarts === undefined || (runStarts[word]! >>> bit) & 1) kind = count;
          masked.indices[count] = index;
          masked.rowOf[count] = row;
          masked.kindOf[count] = kind;
        }
        count++;
      }
    }
  }
  return count;
}
