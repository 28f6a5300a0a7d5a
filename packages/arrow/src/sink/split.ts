import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeFolders, syncFolder } from '@mlm/base';
import { END_OF_STREAM } from '../ipc/framing.js';
import type { Split } from '../metadata.js';
import type { SchemaMetadata } from '../metadata-text.js';
import { combineCrc32 } from './crc32.js';
import type { RowColumns, SinkRows } from './encodable.js';
import type { JournalEntry, SplitProgress } from './journal.js';
import { type ArrowFormat, ArrowWriter } from './writer.js';

/** How a split's rows are divided into files. */
export interface SplitLayout {
  format: ArrowFormat;
  /** A new shard begins with the first unit after this many bytes. Infinity: a single file. */
  shardBytes: number;
  /** Path of a shard while the dataset is being written. */
  shardPath(split: Split, shard: number): string;
}

/** One finished file of a split. */
export interface Shard {
  rows: number;
  bytes: number;
  crc32: number;
}

/** Writes the rows of one split into one or more files and records where each unit ends. */
export class SplitWriter {
  /** Index: unit number. */
  readonly rowsPerUnit: number[] = [];
  readonly shards: Shard[] = [];
  private current: ArrowWriter | undefined;
  /** Finished shards that may not be on disk yet. */
  private ended: ArrowWriter[] = [];
  /** Whether the name of a new shard may not be on disk yet. */
  private hasNewName = false;
  private unitRows = 0;
  private syncing: Promise<void> = Promise.resolve();

  private constructor(
    readonly split: Split,
    private readonly layout: SplitLayout,
    readonly columns: RowColumns,
    /** Metadata of the leading schema. */
    readonly metadata: SchemaMetadata,
  ) {}

  static async create(
    split: Split,
    layout: SplitLayout,
    columns: RowColumns,
    metadata: SchemaMetadata,
  ): Promise<SplitWriter> {
    const writer = new SplitWriter(split, layout, columns, metadata);
    await writer.beginShard();
    return writer;
  }

  /** Continues after the last finished unit; `undefined` if none has rows in this split. */
  static async resume(
    split: Split,
    layout: SplitLayout,
    finished: readonly JournalEntry[],
  ): Promise<SplitWriter | undefined> {
    const last = finished.findLast((unit) => unit.splits[split])?.splits[split];
    if (!last) return undefined;
    const path = layout.shardPath(split, last.shard);
    const resumed = await ArrowWriter.resume(path, layout.format, last.end);
    const writer = new SplitWriter(split, layout, resumed.columns, resumed.metadata);
    writer.current = resumed.writer;
    for (const { unit, splits } of finished) {
      const progress = splits[split];
      if (!progress) continue;
      writer.countUnit(unit, progress.rows);
      writer.shards[progress.shard] = {
        rows: progress.shard_rows,
        bytes: progress.end,
        crc32: progress.crc32,
      };
    }
    // The journal has the shards' sizes at the end of a unit; all but the last have since got their end marker.
    if (layout.format === 'stream')
      for (const shard of writer.shards.slice(0, -1)) extendShard(shard, [END_OF_STREAM]);
    return writer;
  }

  /** Appends a batch of rows of the current unit. */
  async write(batch: SinkRows): Promise<void> {
    this.unitRows += batch.rows;
    if (batch.rows === 0) return;
    const isFirstOfUnit = this.unitRows === batch.rows;
    if (isFirstOfUnit && this.shard.rows > 0 && this.shard.bytes >= this.layout.shardBytes) {
      await this.endShard(this.metadata);
      await this.beginShard();
    }
    const message = batch.encode();
    await this.currentWriter.write(message);
    if ('buffers' in message) this.extendShard(message.buffers, batch.rows);
    else {
      const length = message.metadataLength + message.bodyLength;
      this.shard.rows += batch.rows;
      this.shard.bytes += length;
      this.shard.crc32 = combineCrc32(this.shard.crc32, message.crc32, length);
    }
  }

  /** Call it after a unit's last batch. */
  endUnit(unit: number): SplitProgress {
    const rows = this.unitRows;
    this.countUnit(unit, rows);
    this.unitRows = 0;
    const { bytes, rows: shard_rows, crc32 } = this.shard;
    return { rows, shard: this.shards.length - 1, end: bytes, shard_rows, crc32 };
  }

  /** Finishes the last file, with `metadata` in its footer, and syncs the whole split to disk. */
  async finish(metadata: SchemaMetadata): Promise<void> {
    await this.endShard(metadata);
    await this.sync();
  }

  /** Syncs everything written so far to disk, once earlier calls have done so: what they sync counts for this one too. */
  sync(): Promise<void> {
    this.syncing = this.syncing.catch(() => {}).then(() => this.syncAll());
    return this.syncing;
  }

  private async syncAll(): Promise<void> {
    const { ended, hasNewName } = this;
    this.ended = [];
    this.hasNewName = false;
    try {
      await this.current?.sync();
      for (const writer of ended) await writer.sync();
      if (hasNewName) await syncFolder(dirname(this.layout.shardPath(this.split, 0)));
    } catch (error) {
      // They are still to be synced, and the next attempt must fail as well.
      this.ended.unshift(...ended);
      this.hasNewName ||= hasNewName;
      throw error;
    }
    for (const writer of ended) await writer.close();
  }

  async close(): Promise<void> {
    for (const writer of this.ended) await writer.close();
    this.ended = [];
    await this.current?.close();
    this.current = undefined;
  }

  private get shard(): Shard {
    return this.shards.at(-1)!;
  }

  private get currentWriter(): ArrowWriter {
    if (!this.current) throw new Error(`the ${this.split} split is closed`);
    return this.current;
  }

  private countUnit(unit: number, rows: number): void {
    while (this.rowsPerUnit.length < unit) this.rowsPerUnit.push(0);
    this.rowsPerUnit[unit] = rows;
  }

  private async beginShard(): Promise<void> {
    const path = this.layout.shardPath(this.split, this.shards.length);
    await makeFolders(dirname(path));
    this.shards.push({ rows: 0, bytes: 0, crc32: 0 });
    const schema = this.columns.encodeSchema(this.metadata);
    const { writer, buffers } = await ArrowWriter.create(path, this.layout.format, schema);
    this.current = writer;
    this.hasNewName = true;
    this.extendShard(buffers, 0);
  }

  private async endShard(metadata: SchemaMetadata): Promise<void> {
    this.extendShard(await this.currentWriter.finish(this.columns, metadata), 0);
    this.ended.push(this.currentWriter);
    this.current = undefined;
  }

  private extendShard(buffers: Uint8Array[], rows: number): void {
    this.shard.rows += rows;
    extendShard(this.shard, buffers);
  }
}

function extendShard(shard: Shard, buffers: Uint8Array[]): void {
  for (const buffer of buffers) {
    shard.bytes += buffer.length;
    shard.crc32 = crc32(buffer, shard.crc32);
  }
}
