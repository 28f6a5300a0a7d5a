import { int8Memory, int32Memory, type ListColumn, type MaskedColumns, type Split } from '@mlm/arrow/columns';
import { selectionWord } from '../random/counter.js';
import type { DrawRows, Draws } from '../random/draws.js';
import { replaceMasked, replacementOf } from '../replace/index.js';
import type { MaskingRule } from '../rule.js';
import { selectPositions } from '../select/select.js';
import { chunkEnd } from './chunk.js';
import { countProtected, labelRows, loadRows } from './label.js';
import { fromZero, IGNORED_LABEL } from './originals.js';
import type { RowPlaces } from './places.js';

/** Masked rows, and how many of their tokens were masked. */
export interface MaskedRows extends MaskedColumns {
  /** Number of masked tokens, whatever replaced them. */
  masked: number;
  /** Positions that are not padding. */
  tokens: number;
  /** Positions that are not protected; `undefined` if nobody asked for their number. */
  maskable: number | undefined;
}

/**
 * Applies the masking rule to the rows of a column, in place: order and lengths stay, and masked ids overwrite the
 * originals.
 * @throws InputError if an id to be masked is outside the vocabulary.
 */
export function applyRule(
  column: ListColumn<Int32Array>,
  rule: MaskingRule,
  places: RowPlaces,
  epoch: number,
  draws: Draws,
  countsMaskable = false,
): MaskedRows {
  const { values: ids, offsets } = fromZero(column);
  const labels = int32Memory(ids.length);
  const attention = int8Memory(ids.length);
  const replacement = replacementOf(rule.settings.replace);
  const putMask = replacement.mask === 1;
  let maskedCount = 0;
  let tokens = ids.length;
  let maskable = countsMaskable ? ids.length : undefined;
  const rowCount = offsets.length - 1;
  for (let begin = 0, end = 0; begin < rowCount; begin = end) {
    end = chunkEnd(offsets, begin, rowCount);
    const [first, last] = [offsets[begin]!, offsets[end]!];
    attention.fill(1, first, last);
    const rows = chunkRows(offsets, places, begin, end, epoch, rule.settings.dupe_factor ?? 1);
    const loaded = loadRows(rows, ids, rule);
    if (maskable !== undefined) maskable -= countProtected(loaded, rule);
    const masked = labelRows(selectPositions(rows, ids, rule, draws), loaded, ids, labels, rule, putMask);
    if (!putMask) replaceMasked(ids, masked, rows, rule, replacement, draws);
    maskedCount += masked.count;
    tokens -= loaded.padding;
    if (loaded.padding > 0) unlabelPadding(rows, labels, attention);
  }
  // Each column needs its own offsets: apache-arrow's tableToIPC drops a buffer that follows itself.
  return {
    input_ids: { values: ids, offsets: offsets.slice() },
    labels: { values: labels, offsets: offsets.slice() },
    attention_mask: { values: attention, offsets: offsets.slice() },
    masked: maskedCount,
    tokens,
    maskable,
  };
}

function unlabelPadding(
  { count, starts, lengths, padding }: DrawRows,
  labels: Int32Array,
  attention: Int8Array,
): void {
  for (let row = 0; row < count; row++) {
    const end = starts[row]! + lengths[row]!;
    labels.fill(IGNORED_LABEL, end - padding[row]!, end);
    attention.fill(0, end - padding[row]!, end);
  }
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

/** The inputs to the draws of a chunk's rows, except their padding. The next call overwrites them. */
export function chunkRows(
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
  rowRoom.starts.set(offsets.subarray(begin, end));
  rowRoom.units.set(units.subarray(begin, end));
  rowRoom.rows.set(rows.subarray(begin, end));
  rowRoom.lasts.fill(selectionWord(epoch, split), 0, count);
  for (let i = 0; i < count; i++) rowRoom.lengths[i] = offsets[begin + i + 1]! - offsets[begin + i]!;
  if (copies > 1) numberCopies(rowRoom, split, epoch, copies);
  return rowRoom;
}

/** Draws for copies of a row as for that row in other epochs. */
function numberCopies({ count, rows, lasts }: DrawRows, split: Split, epoch: number, copies: number): void {
  for (let i = 0; i < count; i++) {
    const copy = rows[i]! % copies;
    rows[i] = (rows[i]! - copy) / copies;
    lasts[i] = selectionWord(epoch * copies + copy, split);
  }
}
