import type { DatasetDescription } from '../metadata.js';
import type { ColumnBatch } from './column-batch.js';

/**
 * A transform of batches that can run inside the worker threads of another step: the module is loaded there, so
 * neither step knows the other.
 */
export interface BatchStage {
  /** URL or specifier of a module that exports `createStage` as a {@link CreateStage}. */
  module: string;
  /** Handed to `createStage`; must survive structured cloning. */
  options: unknown;
  /** How many rows it makes of each. Default: 1. */
  rowFactor?: number;
  /** What this stage adds to the dataset's description, for example `{ masking }`. */
  description?: Partial<DatasetDescription>;
}

/**
 * What the module of a {@link BatchStage} exports under the name `createStage`: it makes the stage's function, which may
 * use the memory of its argument for its result. Such a module imports `@mlm/arrow/columns` rather than `@mlm/arrow`:
 * threads then start without apache-arrow.
 */
export type CreateStage = (options: never) => (batch: ColumnBatch) => ColumnBatch | Promise<ColumnBatch>;
