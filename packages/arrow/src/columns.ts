/**
 * The part of this package for worker threads. It does without apache-arrow, whose import would cost each thread a
 * tenth of a second.
 */
export type { ListColumn } from './batch/column.js';
export { type ColumnBatch, columnBuffers, ownColumns } from './batch/column-batch.js';
export { ColumnMemory } from './batch/column-memory.js';
export type { MaskedColumns } from './batch/create.js';
export { giveBackMemory, int8Memory, int32Memory } from './batch/memory.js';
export type { BatchPlace } from './batch/place.js';
export type { BatchStage, CreateStage } from './batch/stage.js';
export type {
  DatasetDescription,
  DatasetMetadata,
  MaskingSettings,
  Split,
  TokenizerMetadata,
} from './metadata.js';
export { metadataText, tokenizerJson, withFilesJson } from './metadata-text.js';
