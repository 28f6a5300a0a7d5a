import { packageBytes } from '@mlm/base/bytes';
import { type WasmMemory, type WasmModule, WebAssembly } from '@mlm/base/webassembly';
import { type Key, RUN_PURPOSE, TWO_TO_32, type Words } from './counter.js';
import { countBitWords, type DrawPositions, type DrawRows, type Draws } from './draws.js';

/** Exports of assembly/kernel.ts; pointers are byte offsets in its memory. */
export interface Kernel {
  memory: WasmMemory;
  select(
    count: number,
    lengths: number,
    rows: number,
    units: number,
    lasts: number,
    bits: number,
    keyLow: number,
    keyHigh: number,
    limit: number,
  ): void;
  classBits(
    count: number,
    lengths: number,
    ids: number,
    table: number,
    size: number,
    bytes: number,
    begins: number,
    isProtected: number,
  ): number;
  counters(
    count: number,
    words0: number,
    words1: number,
    words2: number,
    words3: number,
    starts: number,
    rows: number,
    units: number,
    lasts: number,
    purpose: number,
    stream: number,
  ): void;
  countProtected(
    count: number,
    ids: number,
    table: number,
    size: number,
    firstFree: number,
    free: number,
  ): number;
  countPadding(count: number, lengths: number, ids: number, padId: number, padding: number): number;
  label(
    count: number,
    lengths: number,
    ids: number,
    labels: number,
    bits: number,
    runStarts: number,
    table: number,
    size: number,
    firstFree: number,
    free: number,
    putMask: boolean,
    maskId: number,
    firstIndex: number,
    indices: number,
    rowOf: number,
    kindOf: number,
  ): number;
  restore(count: number, ids: number, labels: number, ignored: number): void;
  block(counter: number, keyLow: number, keyHigh: number): void;
  blocks(
    count: number,
    words0: number,
    words1: number,
    words2: number,
    words3: number,
    keyLow: number,
    keyHigh: number,
  ): void;
  replace(
    count: number,
    positions: number,
    rows: number,
    units: number,
    lasts: number,
    kinds: number,
    choices: number,
    keyLow: number,
    keyHigh: number,
    range: number,
  ): void;
  scanRows(
    count: number,
    lengths: number,
    ids: number,
    labels: number,
    attention: number,
    table: number,
    size: number,
    byId: number,
    reach: number,
    passedAt: number,
    chosenAt: number,
    classes: number,
    out: number,
    settings: number,
    maskId: number,
    padId: number,
    ofRows: number,
    originals: number,
    maskable: number,
    masked: number,
  ): void;
}

/** The kernel's memory holds a few bytes of its own, then the most recent table of classes, then the call's data. */
const TABLE_BYTE = 1024;
const PAGE_BYTES = 65_536;
/** Index of the word after the table. */
let first = TABLE_BYTE >>> 2;
let table: Uint8Array | undefined;

let compiled: WasmModule | undefined;
let kernel: Kernel | undefined;
let words = new Uint32Array(0);

/** Draws by the WebAssembly SIMD kernel: the hot path. */
export function kernelDraws([keyLow, keyHigh]: Key): Draws {
  return {
    select(rows, chance) {
      const { count } = rows;
      const bitWords = countBitWords(rows);
      const wasm = reserve(4 * count + bitWords);
      // A word below the threshold is at most the limit; no word is below 0.
      const limit = Math.ceil(chance * TWO_TO_32) - 1;
      const bits = first + 4 * count;
      if (limit < 0) return words.subarray(bits, bits + bitWords).fill(0);
      writeRows(rows.lengths, rows, first);
      const column = (index: number) => (first + index * count) << 2;
      wasm.select(count, column(0), column(1), column(2), column(3), bits << 2, keyLow, keyHigh, limit);
      return words.subarray(bits, bits + bitWords);
    },

    rank({ lengths, rows, units, lasts }, row) {
      const length = lengths[row]!;
      const blocks = (length + 3) >>> 2;
      const room = roomFor(blocks);
      const wasm = reserve(4 * room + length);
      for (let i = 0; i < blocks; i++) {
        words[first + i] = i;
        words[first + room + i] = rows[row]!;
        words[first + 2 * room + i] = units[row]!;
        words[first + 3 * room + i] = lasts[row]!;
      }
      drawBlocks(wasm, blocks, room);
      const ranks = first + 4 * room;
      for (let i = 0; i < length; i++) words[ranks + i] = words[first + (i & 3) * room + (i >>> 2)]!;
      return words.subarray(ranks, ranks + length);
    },

    runs(positions, rows) {
      const { count } = positions;
      const room = roomFor(count);
      const wasm = reserve(4 * (room + rows.count));
      writeCounters(wasm, positions, rows, room, first + 4 * room, RUN_PURPOSE, 0);
      drawBlocks(wasm, count, room);
      const column = (index: number) => words.subarray(first + index * room, first + index * room + count);
      return { lengths: column(0), underWay: column(1), left: column(2) };
    },

    replace(positions, rows, range) {
      const { count } = positions;
      const room = roomFor(count);
      const wasm = reserve(6 * room + 4 * rows.count);
      writeCounters(wasm, positions, rows, room, first + 6 * room, 0, 1);
      const column = (index: number) => (first + index * room) << 2;
      wasm.replace(
        count,
        column(0),
        column(1),
        column(2),
        column(3),
        column(4),
        column(5),
        keyLow,
        keyHigh,
        range,
      );
      const kinds = first + 4 * room;
      const choices = kinds + room;
      return {
        kinds: words.subarray(kinds, kinds + count),
        choices: words.subarray(choices, choices + count),
      };
    },
  };

  function drawBlocks(wasm: Kernel, count: number, room: number): void {
    const column = (index: number) => (first + index * room) << 2;
    wasm.blocks(count, column(0), column(1), column(2), column(3), keyLow, keyHigh);
  }
}

/**
 * Writes the counters of positions into the kernel's memory as four columns of `room` words. The rows are written at
 * `rowsAt`.
 */
function writeCounters(
  wasm: Kernel,
  { count, indices, rowOf }: DrawPositions,
  rows: DrawRows,
  room: number,
  rowsAt: number,
  purpose: number,
  stream: number,
): void {
  words.set(indices.subarray(0, count), first);
  words.set(rowOf.subarray(0, count), first + room);
  writeRows(rows.starts, rows, rowsAt);
  const column = (index: number) => (first + index * room) << 2;
  const ofRows = (index: number) => (rowsAt + index * rows.count) << 2;
  wasm.counters(
    count,
    column(0),
    column(1),
    column(2),
    column(3),
    ofRows(0),
    ofRows(1),
    ofRows(2),
    ofRows(3),
    purpose,
    stream,
  );
}

/** Writes one word of each row, then the counters' words 1 to 3, into the kernel's memory as four columns. */
function writeRows(word: Int32Array, { count, rows, units, lasts }: DrawRows, at: number): void {
  words.set(word.subarray(0, count), at);
  words.set(rows.subarray(0, count), at + count);
  words.set(units.subarray(0, count), at + 2 * count);
  words.set(lasts.subarray(0, count), at + 3 * count);
}

/**
 * One bit per position of consecutive rows, for bits 0 and 1 of its id's class: `ceil(length / 32)` words per row.
 * @param classes the classes of all ids, one byte each
 * @param onForeignId called with an id that has no class; must throw
 * @returns views that the next call of the kernel overwrites
 */
export function classBits(
  rows: DrawRows,
  ids: Int32Array,
  classes: Uint8Array,
  onForeignId: (id: number) => never,
): [bit0: Uint32Array, bit1: Uint32Array] {
  if (table !== classes) {
    first = (TABLE_BYTE + classes.length + 3) >>> 2;
    reserve(0);
    new Uint8Array(words.buffer).set(classes, TABLE_BYTE);
    table = classes;
  }
  const { count, starts, lengths } = rows;
  const begin = starts[0] ?? 0;
  const tokens = count === 0 ? 0 : starts[count - 1]! + lengths[count - 1]! - begin;
  const bitWords = countBitWords(rows);
  const wasm = reserve(8 + count + tokens + 2 * bitWords);
  const lengthsAt = first + 8; // after room for 32 bytes
  const idsAt = lengthsAt + count;
  const bits = idsAt + tokens;
  words.set(lengths.subarray(0, count), lengthsAt);
  words.set(ids.subarray(begin, begin + tokens), idsAt);
  const foreign = wasm.classBits(
    count,
    lengthsAt << 2,
    idsAt << 2,
    TABLE_BYTE,
    classes.length,
    first << 2,
    bits << 2,
    (bits + bitWords) << 2,
  );
  if (foreign >= 0) onForeignId(ids[begin + foreign]!);
  return [words.subarray(bits, bits + bitWords), words.subarray(bits + bitWords, bits + 2 * bitWords)];
}

/** Rounds up: the kernel works on eight at a time. */
function roomFor(count: number): number {
  return (count + 7) & ~7;
}

/** Computes one block of Philox4x32-10 with the kernel. */
export function kernelBlock(counter: Words, [keyLow, keyHigh]: Key): Words {
  const wasm = reserve(counter.length);
  words.set(counter, first);
  wasm.block(first << 2, keyLow, keyHigh);
  return [words[first]!, words[first + 1]!, words[first + 2]!, words[first + 3]!];
}

/** The kernel, with its memory grown to hold `count` words from the first free byte on. */
function reserve(count: number): Kernel {
  kernel ??= instantiate(new WebAssembly.Memory({ initial: 1 }));
  const missing = 4 * (first + count) - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / PAGE_BYTES));
  if (words.buffer !== kernel.memory.buffer) words = new Uint32Array(kernel.memory.buffer);
  return kernel;
}

/** Another instance of the kernel, with its own memory, or over one that others use too. */
export class KernelMemory {
  readonly kernel: Kernel;
  words: Int32Array;
  bytes: Uint8Array;

  constructor(private readonly memory: WasmMemory = new WebAssembly.Memory({ initial: 1 })) {
    this.kernel = instantiate(memory);
    this.words = new Int32Array(memory.buffer);
    this.bytes = new Uint8Array(memory.buffer);
  }

  /** Grows the memory to hold this many words. Whoever else uses it may have grown it as well. */
  reserve(count: number): void {
    const { memory } = this;
    const missing = 4 * count - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    if (this.words.buffer === memory.buffer) return;
    this.words = new Int32Array(memory.buffer);
    this.bytes = new Uint8Array(memory.buffer);
  }
}

function instantiate(memory: WasmMemory): Kernel {
  compiled ??= new WebAssembly.Module(packageBytes(new URL('../../wasm/kernel.wasm', import.meta.url)));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as Kernel;
}
