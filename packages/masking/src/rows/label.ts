import type { ColumnMemory } from '@mlm/arrow/columns';
import type { WasmMemory } from '@mlm/base/webassembly';
import { countBitWords, type DrawRows } from '../random/draws.js';
import { KernelMemory } from '../random/kernel.js';
import type { MaskedPositions } from '../replace/index.js';
import type { MaskingRule } from '../rule.js';
import { type MaskedBits, outsideVocabulary, PROTECTED } from '../select/words.js';
import { IGNORED_LABEL } from './originals.js';

/** A kernel's memory holds a few bytes of its own, then what it works on: tables first. */
const FIRST_BYTE = 1024;

/** A kernel, and the classes of ids at a byte of its memory. */
interface RowKernel {
  readonly memory: KernelMemory;
  readonly tableAt: number;
  readonly table: Table;
}

/** The classes of ids, of which those from `firstFree` on, `free` of them, are not protected. */
interface Table {
  readonly classes: Uint8Array;
  readonly firstFree: number;
  readonly free: number;
}

/** Columns that lie in memory of WebAssembly, where a kernel masks them. */
export interface ColumnsInPlace extends RowKernel {
  /** Addresses of the ids and of the labels. */
  readonly ids: number;
  readonly labels: number;
}

/** For rows that lie elsewhere, and are copied to it. */
let copying: RowKernel | undefined;
const kernels = new WeakMap<WasmMemory, KernelMemory>();

/** Prepares to mask columns where they lie. What lies behind the memory's columns is overwritten. */
export function columnsInPlace(
  { wasm, end }: ColumnMemory,
  ids: number,
  labels: number,
  classes: Uint8Array,
): ColumnsInPlace {
  const memory = kernels.get(wasm) ?? new KernelMemory(wasm);
  kernels.set(wasm, memory);
  // Columns may have been where the classes were.
  return { ...withTable(memory, end, tableOf(classes)), ids, labels };
}

/** The kernel that rows are copied to. */
function copyingKernel(classes: Uint8Array): RowKernel {
  if (copying?.table.classes !== classes)
    copying = withTable(copying?.memory ?? new KernelMemory(), FIRST_BYTE, tableOf(classes));
  return copying;
}

function withTable(memory: KernelMemory, tableAt: number, table: Table): RowKernel {
  memory.reserve((tableAt + table.classes.length + 3) >>> 2);
  memory.bytes.set(table.classes, tableAt);
  return { memory, tableAt, table };
}

let lastTable: Table | undefined;

/** Finds the longest range of ids that are not protected. */
function tableOf(classes: Uint8Array): Table {
  if (lastTable?.classes === classes) return lastTable;
  let table = { classes, firstFree: 0, free: 0 };
  for (let first = 0; first < classes.length; ) {
    const found = classes.indexOf(PROTECTED, first);
    const end = found < 0 ? classes.length : found;
    if (end - first > table.free) table = { classes, firstFree: first, free: end - first };
    first = end + 1;
  }
  lastTable = table;
  return table;
}

/** Rows whose ids are in a kernel's memory, until others are loaded. */
export interface LoadedRows {
  readonly rows: DrawRows;
  /** Number of their ids, and index of the first in the column's values. */
  readonly tokens: number;
  readonly first: number;
  /** Positions of padding. */
  readonly padding: number;
  readonly kernel: RowKernel;
  readonly layout: Layout;
  /** Whether the kernel works on the columns themselves. */
  readonly isInPlace: boolean;
}

/** Where things are in the kernel's memory, in words. */
interface Layout {
  readonly lengthsAt: number;
  readonly paddingAt: number;
  readonly bitsAt: number;
  readonly runStartsAt: number;
  readonly idsAt: number;
  readonly labelsAt: number;
  /** Behind all of this. */
  readonly listAt: number;
}

/**
 * Gets the ids of rows, which follow one another, into a kernel's memory, if they are not there already, and counts their
 * padding. The kernel's memory may grow.
 * @param rows get their `padding`: how many of each row's last ids are the rule's [PAD]
 * @param inPlace where the values of the column lie. Default: not in such memory, so they are copied
 */
export function loadRows(
  rows: DrawRows,
  ids: Int32Array,
  { classes, padId }: Pick<MaskingRule, 'classes' | 'padId'>,
  inPlace?: ColumnsInPlace,
): LoadedRows {
  const { count, starts, lengths } = rows;
  const first = starts[0]!;
  const tokens = starts[count - 1]! + lengths[count - 1]! - first;
  const kernel = inPlace ?? copyingKernel(classes);
  const { memory, tableAt } = kernel;
  const layout = layoutOf(rows, tokens, (tableAt + classes.length + 3) >>> 2, first, inPlace);
  memory.reserve(layout.listAt);
  const { lengthsAt, paddingAt, idsAt } = layout;
  memory.words.set(lengths.subarray(0, count), lengthsAt);
  if (!inPlace) memory.words.set(ids.subarray(first, first + tokens), idsAt);
  const padding = memory.kernel.countPadding(count, lengthsAt << 2, idsAt << 2, padId, paddingAt << 2);
  rows.padding.set(memory.words.subarray(paddingAt, paddingAt + count));
  return { rows, tokens, first, padding, kernel, layout, isInPlace: inPlace !== undefined };
}

/** Counts the ids of the rows that {@link loadRows} has loaded last that are protected, padding among them. */
export function countProtected({ tokens, kernel, layout }: LoadedRows): number {
  const { memory, tableAt, table } = kernel;
  const { classes, firstFree, free } = table;
  return memory.kernel.countProtected(tokens, layout.idsAt << 2, tableAt, classes.length, firstFree, free);
}

function layoutOf(
  rows: DrawRows,
  tokens: number,
  lengthsAt: number,
  first: number,
  inPlace: ColumnsInPlace | undefined,
): Layout {
  const bitWords = countBitWords(rows);
  const paddingAt = lengthsAt + rows.count;
  const bitsAt = paddingAt + rows.count;
  const runStartsAt = bitsAt + bitWords;
  const restAt = runStartsAt + bitWords;
  const shared = { lengthsAt, paddingAt, bitsAt, runStartsAt };
  if (!inPlace) return { ...shared, idsAt: restAt, labelsAt: restAt + tokens, listAt: restAt + 2 * tokens };
  return {
    ...shared,
    idsAt: (inPlace.ids >>> 2) + first,
    labelsAt: (inPlace.labels >>> 2) + first,
    listAt: restAt,
  };
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
  { rows, tokens, first, kernel: { memory, tableAt, table }, layout, isInPlace }: LoadedRows,
  ids: Int32Array,
  labels: Int32Array,
  rule: MaskingRule,
  putMask: boolean,
): MaskedPositions {
  const { maskId, vocabularySize, settings } = rule;
  const bitWords = countBitWords(rows);
  const { lengthsAt, idsAt, labelsAt, bitsAt, runStartsAt, listAt } = layout;
  const room = putMask ? 0 : 32 * bitWords;
  memory.reserve(listAt + 3 * room);
  const { kernel, words } = memory;
  words.set(bits.subarray(0, bitWords), bitsAt);
  if (settings.labels === 'all') words.copyWithin(labelsAt, idsAt, idsAt + tokens);
  else words.fill(IGNORED_LABEL, labelsAt, labelsAt + tokens);
  if (runStarts) words.set(runStarts.subarray(0, bitWords), runStartsAt);
  const column = (index: number) => listAt + index * room;
  const masked = kernel.label(
    rows.count,
    lengthsAt << 2,
    idsAt << 2,
    labelsAt << 2,
    bitsAt << 2,
    runStarts ? runStartsAt << 2 : 0,
    tableAt,
    table.classes.length,
    table.firstFree,
    table.free,
    putMask,
    maskId,
    first,
    column(0) << 2,
    column(1) << 2,
    column(2) << 2,
  );
  if (masked < 0) throw outsideVocabulary(words[idsAt - 1 - masked]!, vocabularySize);
  if (!isInPlace) {
    labels.set(words.subarray(labelsAt, labelsAt + tokens), first);
    if (putMask) ids.set(words.subarray(idsAt, idsAt + tokens), first);
  }
  const list = (index: number) => words.subarray(column(index), column(index) + (putMask ? 0 : masked));
  return { count: masked, indices: list(0), rowOf: list(1), kindOf: list(2) };
}
