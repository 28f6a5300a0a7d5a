import { readFileSync } from 'node:fs';
import type { Split } from '@mlm/arrow';
import { keyWords, replacementWord, selectionWord, TWO_TO_32, type Words } from './counter.js';
import { countBitWords, type DrawPositions, type DrawRows, type Draws, type Replacements } from './draws.js';

/** The little of WebAssembly's interface that is used here: the compiler knows it from its browser library alone. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

/** What assembly/philox.ts exports; pointers are byte offsets in its memory. */
interface Kernel {
  memory: { buffer: ArrayBuffer; grow(pages: number): number };
  select(
    count: number,
    lengths: number,
    rows: number,
    units: number,
    bits: number,
    keyLow: number,
    keyHigh: number,
    counter3: number,
    limit: number,
  ): void;
  block(counter: number, keyLow: number, keyHigh: number): void;
  replace(
    count: number,
    positions: number,
    rows: number,
    units: number,
    kinds: number,
    choices: number,
    keyLow: number,
    keyHigh: number,
    counter3: number,
    range: number,
  ): void;
}

const FIRST_FREE_BYTE = 1024;
const PAGE_BYTES = 65_536;

let kernel: Kernel | undefined;
let words = new Uint32Array(0);

/** The draws by the WebAssembly SIMD kernel: the hot path. */
export function kernelDraws(seed: number, epoch: number, split: Split): Draws {
  const [keyLow, keyHigh] = keyWords(seed);
  const selection = selectionWord(epoch, split);
  const replacement = replacementWord(epoch, split);
  return {
    select({ lengths, rows, units }: DrawRows, probability: number): Uint32Array {
      const count = lengths.length;
      const bitWords = countBitWords(lengths);
      // A word below the threshold is at most the limit; no word is below 0.
      const limit = Math.ceil(probability * TWO_TO_32) - 1;
      if (limit < 0) return new Uint32Array(bitWords);
      const wasm = reserve(3 * count + bitWords);
      const at = FIRST_FREE_BYTE >>> 2;
      words.set(lengths, at);
      words.set(rows, at + count);
      words.set(units, at + 2 * count);
      const bits = at + 3 * count;
      wasm.select(
        count,
        at << 2,
        (at + count) << 2,
        (at + 2 * count) << 2,
        bits << 2,
        keyLow,
        keyHigh,
        selection,
        limit,
      );
      return words.subarray(bits, bits + bitWords);
    },

    replace({ positions, rows, units }: DrawPositions, range: number): Replacements {
      const count = positions.length;
      const room = (count + 7) & ~7; // the kernel works on eight at a time
      const wasm = reserve(5 * room);
      const at = FIRST_FREE_BYTE >>> 2;
      words.set(positions, at);
      words.set(rows, at + room);
      words.set(units, at + 2 * room);
      const kinds = at + 3 * room;
      const choices = at + 4 * room;
      wasm.replace(
        count,
        at << 2,
        (at + room) << 2,
        (at + 2 * room) << 2,
        kinds << 2,
        choices << 2,
        keyLow,
        keyHigh,
        replacement,
        range,
      );
      return {
        kinds: words.subarray(kinds, kinds + count),
        choices: words.subarray(choices, choices + count),
      };
    },
  };
}

/** One block of Philox4x32-10 by the kernel. */
export function kernelBlock(counter: Words, [keyLow, keyHigh]: readonly [number, number]): Words {
  const wasm = reserve(counter.length);
  const at = FIRST_FREE_BYTE >>> 2;
  words.set(counter, at);
  wasm.block(at << 2, keyLow, keyHigh);
  return [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
}

/** The kernel, its memory grown to hold so many words from the first free byte on. */
function reserve(count: number): Kernel {
  kernel ??= instantiate();
  const missing = FIRST_FREE_BYTE + 4 * count - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / PAGE_BYTES));
  if (words.buffer !== kernel.memory.buffer) words = new Uint32Array(kernel.memory.buffer);
  return kernel;
}

function instantiate(): Kernel {
  const bytes = readFileSync(new URL('../../wasm/philox.wasm', import.meta.url));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports as Kernel;
}
