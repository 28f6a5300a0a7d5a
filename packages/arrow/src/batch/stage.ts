import type { RecordBatch } from 'apache-arrow';
import type { DatasetDescription } from '../metadata.js';

/**
 * A transform of record batches that can run inside the worker threads of another step: the module is loaded there, so
 * neither step knows the other.
 */
export interface BatchStage {
  /** URL or specifier of a module that exports `createStage` as a {@link CreateStage}. */
  module: string;
  /** Handed to `createStage`; must survive structured cloning. */
  options: unknown;
  /** What this stage adds to the dataset's description, for example `{ masking }`. */
  description?: Partial<DatasetDescription>;
}

/** What the module of a {@link BatchStage} exports under the name `createStage`. */
export type CreateStage = (options: never) => (batch: RecordBatch) => RecordBatch | Promise<RecordBatch>;
