// Datasets on disk: opening and checking them, and joining the parts that several processes wrote

// Errors
export { InputError } from '@mlm/base/errors';
// Record batches: their columns, their place in the whole input, their counts
export { type ListColumn, listColumn } from './batch/column.js';
export type { ColumnBatch } from './batch/column-batch.js';
export { type MaskedColumns, maskedBatch, recordBatch, tokenBatch } from './batch/create.js';
export { type BatchPlace, describeBatches, descriptionOf, placeOf, withPlace } from './batch/place.js';
export { onRelease } from './batch/release.js';
// Stages, which transform batches inside the worker threads of another step
export type { BatchStage, CreateStage } from './batch/stage.js';
export { type MergeOptions, mergeDatasets } from './dataset/merge.js';
export { type Dataset, type OpenOptions, openDataset } from './dataset/open.js';
export { checkDataset, checkShards } from './dataset/shards.js';
// Arrow from elsewhere, verified before it is read
export type { BufferCodec, BufferDecompressor } from './ipc/decompress.js';
export { verifiedMessages } from './ipc/verified.js';
// What a dataset says about itself
export {
  type CutMetadata,
  type DatasetCounts,
  type DatasetDescription,
  type DatasetMetadata,
  type MaskingSettings,
  METADATA_KEY,
  type PartMetadata,
  parseMetadata,
  type SpecialIdsMetadata,
  type Split,
  type TokenizerMetadata,
} from './metadata.js';
export { countsOf } from './sink/count.js';
// Sinks, which write datasets whole or not at all
export { DatasetSink, type DatasetSinkOptions } from './sink/dataset.js';
export { arrowFile, validationPath } from './sink/file.js';
export { type DatasetFolderOptions, datasetFolder } from './sink/folder.js';
export type { Job, JournalEntry, SplitProgress } from './sink/journal.js';
export { type ArrowStreamOptions, arrowStream } from './sink/stream.js';
