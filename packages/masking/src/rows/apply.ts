import { int8Memory, int32Memory, type ListColumn, type MaskedColumns } from '@mlm/arrow/columns';
import { InputError } from '@mlm/base/errors';
import { TWO_TO_32 } from '../random/counter.js';
import type { DrawPositions, DrawRows, Draws } from '../random/draws.js';
import { type Replacement, replacements } from '../replace/index.js';
import type { MaskingRule } from '../rule.js';
import { fromZero, IGNORED_LABEL } from './originals.js';
import type { RowPlaces } from './places.js';

/** Tokens drawn for at a time: what fits the processor's caches. */
const CHUNK_TOKENS = 32_768;

/** Masked rows, and how many of their tokens were masked. */
export interface MaskedRows extends MaskedColumns {
  /** Tokens that were masked, whatever was put in their place. */
  masked: number;
  /** Positions that are no padding. */
  tokens: number;
}

/**
 * The masking rule over the rows of a column, whose order and lengths it keeps. The masked ids take the originals' place in
 * its values.
 * @throws InputError when an id to be masked lies outside the vocabulary.
 */
export function applyRule(
  column: ListColumn<Int32Array>,
  rule: MaskingRule,
  places: RowPlaces,
  draws: Draws,
): MaskedRows {
  const { values: ids, offsets } = fromZero(column);
  const labels = int32Memory(ids.length);
  const attention = int8Memory(ids.length);
  const { labels: labelled, probability } = rule.settings;
  const replacement = replacements[rule.settings.replace]!;
  let maskedCount = 0;
  let tokens = ids.length;
  for (let begin = 0, end = 0; begin < offsets.length - 1; begin = end) {
    end = chunkEnd(offsets, begin);
    const [first, last] = [offsets[begin]!, offsets[end]!];
    if (labelled === 'all') labels.set(ids.subarray(first, last), first);
    else labels.fill(IGNORED_LABEL, first, last);
    attention.fill(1, first, last);
    for (let row = begin; row < end; row++)
      tokens -= clearPadding(ids, offsets, row, rule.padId, labels, attention);
    const rows = drawRows(offsets, places, begin, end);
    const bits = draws.select(rows, probability);
    if (replacement.mask === 1) {
      maskedCount += label(bits, rows, ids, labels, rule);
    } else {
      const room = roomFor(bits.length * 32);
      const count = label(bits, rows, ids, labels, rule, room);
      replace(ids, room, count, rows, rule, replacement, draws);
      maskedCount += count;
    }
  }
  // Each column has offsets of its own: apache-arrow's tableToIPC drops a buffer that follows itself.
  return {
    input_ids: { values: ids, offsets: offsets.slice() },
    labels: { values: labels, offsets: offsets.slice() },
    attention_mask: { values: attention, offsets: offsets.slice() },
    masked: maskedCount,
    tokens,
  };
}

/** @returns how many positions of the row are padding */
function clearPadding(
  ids: Int32Array,
  offsets: Int32Array,
  row: number,
  padId: number,
  labels: Int32Array,
  attention: Int8Array,
): number {
  const [start, end] = [offsets[row]!, offsets[row + 1]!];
  let i = end;
  for (; i > start && ids[i - 1] === padId; i--) {
    attention[i - 1] = 0;
    labels[i - 1] = IGNORED_LABEL;
  }
  return end - i;
}

/** The row after a chunk that begins at a row: at least one row, else as many as the chunk has tokens for. */
function chunkEnd(offsets: Int32Array, begin: number): number {
  const limit = offsets[begin]! + CHUNK_TOKENS;
  let end = begin + 1;
  while (end < offsets.length - 1 && offsets[end + 1]! <= limit) end++;
  return end;
}

function drawRows(offsets: Int32Array, places: RowPlaces, begin: number, end: number): DrawRows {
  const lengths = new Int32Array(end - begin);
  for (let i = 0; i < lengths.length; i++) lengths[i] = offsets[begin + i + 1]! - offsets[begin + i]!;
  return {
    starts: offsets.subarray(begin, end),
    lengths,
    rows: places.rows.subarray(begin, end),
    units: places.units.subarray(begin, end),
  };
}

/** Selected positions, more room than there are. */
interface SelectedPositions {
  /** Index in the column's values. */
  readonly indices: Int32Array;
  /** Which of the chunk's rows. */
  readonly rows: Int32Array;
}

let room: SelectedPositions = { indices: new Int32Array(0), rows: new Int32Array(0) };

function roomFor(count: number): SelectedPositions {
  if (room.indices.length < count) room = { indices: new Int32Array(count), rows: new Int32Array(count) };
  return room;
}

/**
 * Selects the positions whose bit is set and whose id is not protected: their ids become labels. Where `selected` is
 * given, it is told the positions; else each of them becomes [MASK] at once.
 * @returns how many were selected
 */
function label(
  bits: Uint32Array,
  { starts, lengths }: DrawRows,
  ids: Int32Array,
  labels: Int32Array,
  { isProtected, vocabularySize, maskId }: MaskingRule,
  selected?: SelectedPositions,
): number {
  let count = 0;
  let word = 0;
  for (let row = 0; row < lengths.length; row++) {
    const start = starts[row]!;
    const end = start + lengths[row]!;
    for (let first = start; first < end; first += 32) {
      for (let left = bits[word++]!; left !== 0; left &= left - 1) {
        const index = first + 31 - Math.clz32(left & -left);
        const id = ids[index]!;
        const isKept = isProtected[id];
        if (isKept === 1) continue;
        if (isKept === undefined) {
          throw new InputError(
            `input_ids holds ${id}: expected an id of the vocabulary, 0 to ${vocabularySize - 1}`,
          );
        }
        labels[index] = id;
        if (selected === undefined) ids[index] = maskId;
        else {
          selected.indices[count] = index;
          selected.rows[count] = row;
        }
        count++;
      }
    }
  }
  return count;
}

/** [MASK], a random unprotected id, or the id as it was, by the replacement's shares. */
function replace(
  ids: Int32Array,
  selected: SelectedPositions,
  count: number,
  rows: DrawRows,
  { maskId, randomIds }: MaskingRule,
  { mask, random }: Replacement,
  draws: Draws,
): void {
  const { kinds, choices } = draws.replace(drawPositions(selected, count, rows), randomIds.length);
  const { indices } = selected;
  const maskBelow = mask * TWO_TO_32;
  const randomBelow = (mask + random) * TWO_TO_32;
  for (let i = 0; i < count; i++) {
    if (kinds[i]! < maskBelow) ids[indices[i]!] = maskId;
    else if (kinds[i]! < randomBelow) ids[indices[i]!] = randomIds[choices[i]!]!;
  }
}

function drawPositions(selected: SelectedPositions, count: number, rows: DrawRows): DrawPositions {
  const indices = selected.indices.subarray(0, count);
  const positions = new Int32Array(count);
  const rowsInUnit = new Int32Array(count);
  const units = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const row = selected.rows[i]!;
    positions[i] = indices[i]! - rows.starts[row]!;
    rowsInUnit[i] = rows.rows[row]!;
    units[i] = rows.units[row]!;
  }
  return { indices, positions, rows: rowsInUnit, units };
}
