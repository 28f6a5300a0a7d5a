/** Thrown for bytes that contradict themselves or the schema. Callers add the file's name. */
export class DamagedError extends Error {}

/** Thrown for sound Arrow of a kind that is not supported. Callers add the file's name. */
export class UnsupportedError extends Error {}

/** How deep tables may be nested; real schemas are nested a few times at most. */
const MAX_DEPTH = 64;

/**
 * A table of a flatbuffer. Every offset and length is checked against the bytes before it is used, as by the reference
 * implementation's Verifier. Tables may share parts, so a few bytes could describe an endless tree: a budget in
 * proportion to the bytes limits what is visited.
 *
 * @see https://flatbuffers.dev/internals/
 */
export class FlatTable {
  private constructor(
    private readonly view: DataView,
    private readonly position: number,
    private readonly vtable: number,
    private readonly depth: number,
    private readonly budget: { left: number },
  ) {}

  /** The root table of a buffer. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return FlatTable.at(view, indirect(view, 0), 0, { left: 4 * bytes.byteLength });
  }

  private static at(view: DataView, position: number, depth: number, budget: { left: number }): FlatTable {
    if (depth > MAX_DEPTH) throw new DamagedError('its tables are nested too deeply');
    spend(budget, 4);
    const vtable = position - int32(view, position);
    const size = uint16(view, vtable);
    if (size < 4 || size % 2 !== 0 || vtable + size > view.byteLength)
      throw new DamagedError(`there is no table at byte ${position}`);
    const length = uint16(view, vtable + 2);
    if (length < 4 || position + length > view.byteLength)
      throw new DamagedError(`the table at byte ${position} is longer than what follows`);
    return new FlatTable(view, position, vtable, depth, budget);
  }

  has(field: number): boolean {
    return this.field(field, 0) !== undefined;
  }

  uint8(field: number, otherwise = 0): number {
    const at = this.field(field, 1);
    return at === undefined ? otherwise : this.view.getUint8(at);
  }

  int16(field: number, otherwise = 0): number {
    const at = this.field(field, 2);
    return at === undefined ? otherwise : this.view.getInt16(at, true);
  }

  int32(field: number, otherwise = 0): number {
    const at = this.field(field, 4);
    return at === undefined ? otherwise : this.view.getInt32(at, true);
  }

  /** A number of bytes, rows or the like: at least 0, and exact in JavaScript. */
  count(field: number): number {
    const at = this.field(field, 8);
    return at === undefined ? 0 : count64(this.view, at);
  }

  int64(field: number): bigint {
    const at = this.field(field, 8);
    return at === undefined ? 0n : this.view.getBigInt64(at, true);
  }

  /** The text of a string; empty if the field is absent. */
  string(field: number): string {
    const at = this.field(field, 4);
    if (at === undefined) return '';
    const start = indirect(this.view, at);
    const length = this.length(start, 1);
    return Buffer.from(this.view.buffer, this.view.byteOffset + start + 4, length).toString();
  }

  table(field: number): FlatTable | undefined {
    const at = this.field(field, 4);
    return at === undefined ? undefined : this.child(at);
  }

  tables(field: number): FlatTable[] {
    const at = this.field(field, 4);
    if (at === undefined) return [];
    const start = indirect(this.view, at);
    return Array.from({ length: this.length(start, 4) }, (_, i) => this.child(start + 4 + 4 * i));
  }

  /** Shortens a vector of tables, in place, to those whose index `isKept` accepts. */
  keep(field: number, isKept: (index: number) => boolean): void {
    const at = this.field(field, 4);
    if (at === undefined) return;
    const { view } = this;
    const start = indirect(view, at);
    const length = this.length(start, 4);
    let kept = 0;
    for (let i = 0; i < length; i++) {
      if (!isKept(i)) continue;
      const to = start + 4 + 4 * kept++;
      // Offsets count from where they stand.
      view.setUint32(to, indirect(view, start + 4 + 4 * i) - to, true);
    }
    view.setUint32(start, kept, true);
  }

  /** The elements of a vector of structs or numbers of `size` bytes each, as read by `read`. */
  structs<T>(field: number, size: number, read: (view: DataView, at: number) => T): T[] {
    const at = this.field(field, 4);
    if (at === undefined) return [];
    const start = indirect(this.view, at);
    return Array.from({ length: this.length(start, size) }, (_, i) => read(this.view, start + 4 + size * i));
  }

  private child(at: number): FlatTable {
    return FlatTable.at(this.view, indirect(this.view, at), this.depth + 1, this.budget);
  }

  /** The position of a field of `size` bytes; `undefined` if the field has its default. */
  private field(index: number, size: number): number | undefined {
    const entry = 4 + 2 * index;
    if (entry + 2 > uint16(this.view, this.vtable)) return undefined;
    const offset = uint16(this.view, this.vtable + entry);
    if (offset === 0) return undefined;
    if (offset + size > uint16(this.view, this.vtable + 2))
      throw new DamagedError(`a field of the table at byte ${this.position} lies outside it`);
    return this.position + offset;
  }

  private length(start: number, size: number): number {
    const length = uint32(this.view, start);
    if (start + 4 + length * size > this.view.byteLength)
      throw new DamagedError(`the vector at byte ${start} is longer than what follows`);
    spend(this.budget, length * size);
    return length;
  }
}

/** Reads a 64-bit number of bytes or rows at a position within the bytes. */
export function count64(view: DataView, at: number): number {
  const value = view.getBigInt64(at, true);
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new DamagedError(`the number ${value} at byte ${at} cannot be a length`);
  return Number(value);
}

/** The position to which the offset at `at` refers. */
function indirect(view: DataView, at: number): number {
  return at + uint32(view, at);
}

function spend(budget: { left: number }, bytes: number): void {
  budget.left -= bytes;
  if (budget.left < 0) throw new DamagedError('its tables refer to each other without end');
}

function uint16(view: DataView, at: number): number {
  hold(view, at, 2);
  return view.getUint16(at, true);
}

function int32(view: DataView, at: number): number {
  hold(view, at, 4);
  return view.getInt32(at, true);
}

function uint32(view: DataView, at: number): number {
  hold(view, at, 4);
  return view.getUint32(at, true);
}

function hold(view: DataView, at: number, size: number): void {
  if (at < 0 || at + size > view.byteLength)
    throw new DamagedError(`an offset points to byte ${at} of ${view.byteLength}`);
}
