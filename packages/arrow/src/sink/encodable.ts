import type { BatchPlace } from '../batch/place.js';
import type { EncodedMessage } from '../ipc/framing.js';
import type { BlockPlace } from '../ipc/message.js';
import type { DatasetCounts, DatasetDescription } from '../metadata.js';
import type { SelfWritingBatch } from './encoded.js';

/** Rows as a sink writes them, whatever they came as. */
export interface SinkRows {
  readonly rows: number;
  readonly place: BatchPlace | undefined;
  readonly counts: DatasetCounts;
  /** What the steps before say about the dataset. */
  readonly description: DatasetDescription | undefined;
  readonly columns: RowColumns;
  encode(): SinkMessage;
  /** Gives the memory back; the rows must not be used any more. */
  release(): void;
}

/** A message as buffers, or one that whoever made the rows writes himself. */
export type SinkMessage = EncodedMessage | SelfWritingBatch;

/** The columns that all rows of a file have. */
export interface RowColumns {
  /** By name, the type of their values in Arrow's words, and whether they are lists of these. */
  readonly types: readonly { name: string; dtype: string; isList: boolean }[];
  encodeSchema(metadata: ReadonlyMap<string, string>): EncodedMessage;
  encodeFooter(metadata: ReadonlyMap<string, string>, blocks: readonly BlockPlace[]): Uint8Array[];
}
