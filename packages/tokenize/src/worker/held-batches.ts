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
  /** Length of the buffers together. */
  bytes: number;
}

/** Units whose rows a thread holds at most: while those of one wait for their place, it makes the rows of the next. */
export const HELD_UNITS = 2;
/** Rows of more bytes, such as those of a long Parquet page, are held alone. */
const USUAL_BYTES = 14 << 20;

/**
 * Encoded batches in the memory of this thread, until it is told where to write them, which is known only when all
 * units before theirs are done.
 */
export class HeldBatches {
  /** By unit, then by batch; without batches that are written already or have no rows. */
  private readonly units = new Map<number, Map<number, HeldBatch>>();
  private readonly writer = new DirectWriter();
  private onRoom: (() => void) | undefined;
  /** The last unit with rows. */
  private newest = -1;
  /** Bytes of the batches that are held. */
  private bytes = 0;

  /** Whether no rows wait for their place, though some may still be on their way to the disk. */
  get isEmpty(): boolean {
    return this.units.size === 0;
  }

  /** Resolves when there is room for the rows of another unit. Only one caller may wait at a time. */
  async room(): Promise<void> {
    if (!this.hasRoom) await new Promise<void>((resolve) => (this.onRoom = resolve));
  }

  /** Units take turns with memory, so one that is held beside the next must be the newest: writes may overtake others. */
  private get hasRoom(): boolean {
    if (this.units.size === 0) return true;
    return this.units.size < HELD_UNITS && this.units.has(this.newest) && this.bytes <= USUAL_BYTES;
  }

  /** Encodes the batches of a unit and holds them. */
  encode(unit: number, batches: readonly ColumnBatch[]): EncodedBatch[] {
    const held = new Map<number, HeldBatch>();
    const results = batches.map((columns, i) => {
      const { encoded, buffers } = encodeColumns(columns);
      // Memory that is not the batch's own stays with its maker.
      const memory = columns.memory ? [] : columnBuffers(columns);
      if (encoded.rows > 0) {
        const bytes = encoded.metadataLength + encoded.bodyLength;
        held.set(i, { buffers, memory, bytes });
        this.bytes += bytes;
      }
      return encoded;
    });
    if (held.size > 0) {
      this.units.set(unit, held);
      this.newest = unit;
    }
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
    await this.writer.write(found.buffers, to, () => {
      // A failed write is told with the next rows, so those must come.
      giveBackMemory(found.memory);
      held.delete(batch);
      this.bytes -= found.bytes;
      if (held.size === 0) this.units.delete(unit);
      if (this.hasRoom) this.onRoom?.();
    });
  }
}
