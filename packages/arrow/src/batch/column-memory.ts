import { InputError } from '@mlm/base/errors';
import { type WasmMemory, WebAssembly } from '@mlm/base/webassembly';

const PAGE_BYTES = 65_536;
/** The bytes before belong to the code that works on the columns. */
const FIRST_BYTE = 1024;
/** Columns begin at multiples of this, for SIMD. */
const ALIGNMENT = 16;
/** A larger memory, which only an unusual unit needs, is given up before the next one. */
const MOST_KEPT = 64 << 20;

/**
 * Memory in which the columns of one batch are made, from the ids to the body of the record batch. It belongs to
 * WebAssembly, whose code then works on the columns where they lie, and it serves one batch after another: columns are
 * valid until the next batch begins. Only the columns' values lie here, not their offsets.
 *
 * Whatever makes the memory grow detaches the arrays over it, so arrays are to be had anew from their addresses.
 */
export class ColumnMemory {
  private memory: WasmMemory | undefined;
  private used = FIRST_BYTE;

  /** The memory itself, for code that imports it. Bytes from {@link end} on are free for that code to use. */
  get wasm(): WasmMemory {
    this.memory ??= new WebAssembly.Memory({ initial: 1 });
    return this.memory;
  }

  /** The first byte after the columns. */
  get end(): number {
    return this.used;
  }

  /**
   * Begins a batch with a column of int32 values; the columns of the batch before are lost.
   * @throws InputError if WebAssembly cannot have that much memory
   */
  begin(length: number): Int32Array<ArrayBuffer> {
    if (this.memory && this.memory.buffer.byteLength > MOST_KEPT) this.memory = undefined;
    return this.resize(length);
  }

  /**
   * Changes the length of the batch's first column, which must still be its only one. Values stay.
   * @throws InputError if WebAssembly cannot have that much memory
   */
  resize(length: number): Int32Array<ArrayBuffer> {
    this.used = FIRST_BYTE;
    return this.int32(this.add(4 * length), length);
  }

  /**
   * Adds a column of unspecified contents.
   * @returns the address of its first byte
   * @throws InputError if WebAssembly cannot have that much memory
   */
  add(bytes: number): number {
    const at = Math.ceil(this.used / ALIGNMENT) * ALIGNMENT;
    this.reserve(at + bytes);
    this.used = at + bytes;
    return at;
  }

  int32(at: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.wasm.buffer, at, length);
  }

  int8(at: number, length: number): Int8Array<ArrayBuffer> {
    return new Int8Array(this.wasm.buffer, at, length);
  }

  private reserve(bytes: number): void {
    const { wasm } = this;
    const has = wasm.buffer.byteLength;
    if (bytes <= has) return;
    // Room to spare costs nothing until it is written to, and each growth makes the arrays anew.
    const spare = Math.min(has + has / 2, 2 ** 32);
    if (!(spare > bytes && grows(wasm, spare - has)) && !grows(wasm, bytes - has)) {
      const gibibytes = (bytes / 2 ** 30).toFixed(1);
      throw new InputError(
        `the rows of a document take ${gibibytes} GiB, which WebAssembly cannot have here; divide long documents`,
      );
    }
  }
}

/** Grows a memory, if there is that much. */
function grows(memory: WasmMemory, bytes: number): boolean {
  try {
    memory.grow(Math.ceil(bytes / PAGE_BYTES));
    return true;
  } catch {
    return false;
  }
}
