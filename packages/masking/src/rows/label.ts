import { countBitWords, type DrawRows } from '../random/draws.js';
import { KernelMemory } from '../random/kernel.js';
import type { MaskedPositions } from '../replace/index.js';
import type { MaskingRule } from '../rule.js';
import { type MaskedBits, outsideVocabulary, PROTECTED } from '../select/words.js';
import { IGNORED_LABEL } from './originals.js';

/** The kernel's memory holds a few bytes of its own, then the most recent table of classes, then the rows. */
const TABLE_BYTE = 1024;

let memory: KernelMemory | undefined;
let table: { classes: Uint8Array; firstFree: number; free: number } | undefined;

/** Rows whose ids are in the kernel's memory, until others are loaded. */
export interface LoadedRows {
  readonly rows: DrawRows;
  /** Number of their ids, and index of the first in the column's values. */
  readonly tokens: number;
  readonly first: number;
  /** Positions of padding. */
  readonly padding: number;
}

/**
 * Copies the ids of rows, which follow one another, into the kernel's memory, and counts their padding.
 * @param rows get their `padding`: how many of each row's last ids are the rule's [PAD]
 */
export function loadRows(
  rows: DrawRows,
  ids: Int32Array,
  { classes, padId }: Pick<MaskingRule, 'classes' | 'padId'>,
): LoadedRows {
  const { count, starts, lengths } = rows;
  const first = starts[0]!;
  const tokens = starts[count - 1]! + lengths[count - 1]! - first;
  memory ??= new KernelMemory();
  const { lengthsAt, paddingAt, idsAt, labelsAt } = layoutOf(count, tokens, classes);
  memory.reserve(labelsAt);
  const { kernel, words } = memory;
  loadTable(classes, memory.bytes);
  words.set(lengths.subarray(0, count), lengthsAt);
  words.set(ids.subarray(first, first + tokens), idsAt);
  const padding = kernel.countPadding(count, lengthsAt << 2, idsAt << 2, padId, paddingAt << 2);
  rows.padding.set(words.subarray(paddingAt, idsAt));
  return { rows, tokens, first, padding };
}

/** Counts the ids of the rows that {@link loadRows} has loaded last that are protected, padding among them. */
export function countProtected(
  { rows, tokens }: LoadedRows,
  { classes }: Pick<MaskingRule, 'classes'>,
): number {
  const { idsAt } = layoutOf(rows.count, tokens, classes);
  const { firstFree, free } = table!;
  return memory!.kernel.countProtected(tokens, idsAt << 2, TABLE_BYTE, classes.length, firstFree, free);
}

/** Where things are in the kernel's memory, in words. */
function layoutOf(count: number, tokens: number, classes: Uint8Array) {
  const lengthsAt = (TABLE_BYTE + classes.length + 3) >>> 2;
  const paddingAt = lengthsAt + count;
  const idsAt = paddingAt + count;
  return { lengthsAt, paddingAt, idsAt, labelsAt: idsAt + tokens };
}

/**
 * Gives the positions whose bit is set their ids as labels, unless these are protected, and all others
 * {@link IGNORED_LABEL}; with labels at all tokens, every position its id.
 * @param loaded the rows that {@link loadRows} has loaded last
 * @param ids the column's values, of which masked ones become [MASK] with `putMask`
 * @param putMask whether masked ids become [MASK] at once; otherwise they stay, and their positions are listed
 * @returns how many are masked, and if they are listed, where; views that the next call overwrites
 * @throws InputError if an id to be masked is outside the vocabulary
 */
export function labelRows(
  { bits, runStarts }: MaskedBits,
  { rows, tokens, first }: LoadedRows,
  ids: Int32Array,
  labels: Int32Array,
  rule: MaskingRule,
  putMask: boolean,
): MaskedPositions {
  const { classes, maskId, vocabularySize, settings } = rule;
  const bitWords = countBitWords(rows);
  const { lengthsAt, idsAt, labelsAt } = layoutOf(rows.count, tokens, classes);
  const bitsAt = labelsAt + tokens;
  const runStartsAt = bitsAt + bitWords;
  const listAt = runStartsAt + bitWords;
  const room = putMask ? 0 : 32 * bitWords;
  memory!.reserve(listAt + 3 * room);
  const { kernel, words } = memory!;
  const { firstFree, free } = table!;
  words.set(bits.subarray(0, bitWords), bitsAt);
  if (settings.labels === 'all') words.copyWithin(labelsAt, idsAt, labelsAt);
  else words.fill(IGNORED_LABEL, labelsAt, bitsAt);
  if (runStarts) words.set(runStarts.subarray(0, bitWords), runStartsAt);
  const column = (index: number) => listAt + index * room;
  const masked = kernel.label(
    rows.count,
    lengthsAt << 2,
    idsAt << 2,
    labelsAt << 2,
    bitsAt << 2,
    runStarts ? runStartsAt << 2 : 0,
    TABLE_BYTE,
    classes.length,
    firstFree,
    free,
    putMask,
    maskId,
    first,
    column(0) << 2,
    column(1) << 2,
    column(2) << 2,
  );
  if (masked < 0) throw outsideVocabulary(ids[first - 1 - masked]!, vocabularySize);
  labels.set(words.subarray(labelsAt, bitsAt), first);
  if (putMask) ids.set(words.subarray(idsAt, labelsAt), first);
  const list = (index: number) => words.subarray(column(index), column(index) + (putMask ? 0 : masked));
  return { count: masked, indices: list(0), rowOf: list(1), kindOf: list(2) };
}

/** Copies the classes of ids into the kernel's memory, and finds the longest range of ids that are not protected. */
function loadTable(classes: Uint8Array, bytes: Uint8Array): void {
  if (table?.classes === classes) return;
  bytes.set(classes, TABLE_BYTE);
  table = { classes, firstFree: 0, free: 0 };
  for (let first = 0; first < classes.length; ) {
    const found = classes.indexOf(PROTECTED, first);
    const end = found < 0 ? classes.length : found;
    if (end - first > table.free) table = { classes, firstFree: first, free: end - first };
    first = end + 1;
  }
}
