import {
  type ColumnMemory,
  int8Memory,
  int32Memory,
  type ListColumn,
  type MaskedColumns,
  type Split,
} from '@mlm/arrow/columns';
import { selectionWord } from '../random/counter.js';
import type { DrawRows, Draws } from '../random/draws.js';
import { replaceMasked, replacementOf } from '../replace/index.js';
import type { MaskingRule } from '../rule.js';
import { selectPositions } from '../select/select.js';
import { chunkEnd } from './chunk.js';
import { type ColumnsInPlace, columnsInPlace, countProtected, labelRows, loadRows } from './label.js';
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

/** The values of the columns that a rule makes. Arrays may change when rows are loaded. */
interface ColumnValues {
  readonly ids: Int32Array;
  readonly labels: Int32Array;
  readonly attention: Int8Array;
  /** Where they lie, if that is in memory of WebAssembly. */
  readonly inPlace?: ColumnsInPlace;
}

/**
 * Applies the masking rule to the rows of a column, in place: order and lengths stay, and masked ids overwrite the
 * originals.
 * @param memory where the column's values lie, which labels and attention are added to, for a batch whose columns share
 *   their offsets. Default: all are arrays of their own
 * @throws InputError if an id to be masked is outside the vocabulary.
 */
export function applyRule(
  column: ListColumn<Int32Array>,
  rule: MaskingRule,
  places: RowPlaces,
  epoch: number,
  draws: Draws,
  countsMaskable = false,
  memory?: ColumnMemory,
): MaskedRows {
  const { values, offsets } = fromZero(column);
  const made = memory ? valuesInPlace(values, memory, rule) : valuesOf(values);
  const replacement = replacementOf(rule.settings.replace);
  const putMask = replacement.mask === 1;
  let maskedCount = 0;
  let tokens = made.ids.length;
  let maskable = countsMaskable ? tokens : undefined;
  const rowCount = offsets.length - 1;
  for (let begin = 0, end = 0; begin < rowCount; begin = end) {
    end = chunkEnd(offsets, begin, rowCount);
    const rows = chunkRows(offsets, places, begin, end, epoch, rule.settings.dupe_factor ?? 1);
    const loaded = loadRows(rows, made.ids, rule, made.inPlace);
    if (maskable !== undefined) maskable -= countProtected(loaded);
    const { ids, labels } = made;
    const masked = labelRows(selectPositions(rows, ids, rule, draws), loaded, ids, labels, rule, putMask);
    if (!putMask) replaceMasked(made.ids, masked, rows, rule, replacement, draws);
    maskedCount += masked.count;
    tokens -= loaded.padding;
    made.attention.fill(1, offsets[begin]!, offsets[end]!);
    if (loaded.padding > 0) unlabelPadding(rows, made.labels, made.attention);
  }
  // Columns of their own need offsets of their own: apache-arrow's tableToIPC drops a buffer that follows itself.
  const ends = () => (memory ? offsets : offsets.slice());
  return {
    input_ids: { values: made.ids, offsets: ends() },
    labels: { values: made.labels, offsets: ends() },
    attention_mask: { values: made.attention, offsets: ends() },
    masked: maskedCount,
    tokens,
    maskable,
  };
}

function valuesOf(ids: Int32Array): ColumnValues {
  return { ids, labels: int32Memory(ids.length), attention: int8Memory(ids.length) };
}

function valuesInPlace(ids: Int32Array, memory: ColumnMemory, { classes }: MaskingRule): ColumnValues {
  const { byteOffset: idsAt, length } = ids;
  const labelsAt = memory.add(4 * length);
  const attentionAt = memory.add(length);
  const inPlace = columnsInPlace(memory, idsAt, labelsAt, classes);
  return {
    inPlace,
    get ids() {
      return memory.int32(idsAt, length);
    },
    get labels() {
      return memory.int32(labelsAt, length);
    },
    get attention() {
      return memory.int8(attentionAt, length);
    },
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
