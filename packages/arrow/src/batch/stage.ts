import type { DatasetDescription } from '../metadata.js';
import type { ColumnBatch } from './column-batch.js';

/**
 * A transform of batches that runs inside the worker threads of another step. They load it as a module, so neither step
 * knows the other.
 */
export interface BatchStage {
  /** URL or specifier of a module that exports `createStage` as a {@link CreateStage}. */
  module: string;
  /** Argument of `createStage`; must survive structured cloning. */
  options: unknown;
  /** How many rows the stage makes of each row. Default: 1. */
  rowFactor?: number;
  /** Additions to the dataset's description, for example `{ masking }`. Default: none. */
  description?: Partial<DatasetDescription>;
}

/**
 * The export `createStage` of the module of a {@link BatchStage}: creates the stage's function, which may reuse the
 * memory of its argument. Import `@mlm/arrow/columns` in such a module rather than `@mlm/arrow`, so that threads start
 * without apache-arrow.
 */
export type CreateStage = (options: never) => (batch: ColumnBatch) => ColumnBatch | Promise<ColumnBatch>;
