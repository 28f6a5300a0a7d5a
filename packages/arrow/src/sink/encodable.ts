import type { BatchPlace } from '../batch/place.js';
import type { EncodedMessage } from '../ipc/framing.js';
import type { BlockPlace } from '../ipc/message.js';
import type { DatasetCounts, DatasetDescription } from '../metadata.js';
import type { SchemaMetadata } from '../metadata-text.js';
import type { SelfWritingBatch } from './encoded.js';

/** Rows as a sink writes them, whatever form they arrived in. */
export interface SinkRows {
  readonly rows: number;
  readonly place: BatchPlace | undefined;
  readonly counts: DatasetCounts;
  /** The dataset's description by earlier steps. */
  readonly description: DatasetDescription | undefined;
  readonly columns: RowColumns;
  encode(): SinkMessage;
  /** Returns the memory for reuse; the rows can no longer be used. */
  release(): void;
}

/** A message as buffers, or one that the maker of the rows writes itself. */
export type SinkMessage = EncodedMessage | SelfWritingBatch;

/** The columns that all rows of a file have. */
export interface RowColumns {
  /** Per column, its name, the type of its values in Arrow's terms, and whether it holds lists of them. */
  readonly types: readonly { name: string; dtype: string; isList: boolean }[];
  encodeSchema(metadata: SchemaMetadata): EncodedMessage;
  encodeFooter(metadata: SchemaMetadata, blocks: readonly BlockPlace[]): Uint8Array[];
}
