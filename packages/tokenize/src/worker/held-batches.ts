import { type ColumnBatch, columnBuffers, giveBackMemory } from '@mlm/arrow/columns';
import { DirectWriter, type EncodedBatch, encodeColumns } from '@mlm/arrow/encoded';

/** Where a batch is to be written. */
export interface BatchPosition {
  unit: number;
  /** Index in the unit's batches. */
  batch: number;
  descriptor: number;
  position: number;
  /** The same file, opened for direct I/O, if it can be. */
  direct?: number | undefined;
}

interface HeldBatch {
  buffers: Uint8Array[];
  /** To be reused once the batch is written. */
  memory: ArrayBuffer[];
}

/** Units whose rows a thread holds at most: while those of one wait for their place, it makes the rows of the next. */
export const HELD_UNITS = 2;

/**
 * Encoded batches in the memory of this thread, until it is told where to write them, which is known only when all
 * units before theirs are done.
 */
export class HeldBatches {
  /** By unit, then by batch; without batches that are written already or have no rows. */
  private readonly units = new Map<number, Map<number, HeldBatch>>();
  private readonly writer = new DirectWriter();
  private onRoom: (() => void) | undefined;
  /** Writes that have begun. */
  private writes = 0;

  /** Whether all rows are written. */
  get isDone(): boolean {
    return this.units.size === 0 && this.writes === 0;
  }

  /** Resolves when fewer than {@link HELD_UNITS} are held. Only one caller may wait at a time. */
  async room(): Promise<void> {
    if (this.units.size >= HELD_UNITS) await new Promise<void>((resolve) => (this.onRoom = resolve));
  }

  /** Encodes the batches of a unit and holds them. */
  encode(unit: number, batches: readonly ColumnBatch[]): EncodedBatch[] {
    const held = new Map<number, HeldBatch>();
    const results = batches.map((columns, i) => {
      const { encoded, buffers } = encodeColumns(columns);
      // Memory that is not the batch's own stays with its maker.
      const memory = columns.memory ? [] : columnBuffers(columns);
      if (encoded.rows > 0) held.set(i, { buffers, memory });
      return encoded;
    });
    if (held.size > 0) this.units.set(unit, held);
    return results;
  }

  /**
   * Writes a batch, and releases its memory for reuse as soon as the bytes are copied, also if writing fails.
   * @throws the system's error
   */
  async write({ unit, batch, ...to }: BatchPosition): Promise<void> {
    const held = this.units.get(unit);
    const found = held?.get(batch);
    if (!held || !found) throw new Error(`batch ${batch} of unit ${unit} is not there`);
    this.writes++;
    const written = this.writer.write(found.buffers, to, () => {
      // A failed write is told with the next rows, so those must come.
      giveBackMemory(found.memory);
      held.delete(batch);
      if (held.size === 0) this.units.delete(unit);
      if (this.units.size < HELD_UNITS) this.onRoom?.();
    });
    await written.finally(() => this.writes--);
  }
}
