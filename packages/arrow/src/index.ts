// Opening, checking and merging datasets

export { type MergeOptions, mergeDatasets } from './dataset/merge.js';
export { type Dataset, type OpenOptions, openDataset } from './dataset/open.js';
export { checkDataset, checkShards } from './dataset/shards.js';
export { splitNames } from './dataset/sidecar.js';

// Writing datasets, whole or not at all

export { DatasetSink, type DatasetSinkOptions } from './sink/dataset.js';
export { arrowFile, validationPath } from './sink/file.js';
export { type DatasetFolderOptions, datasetFolder } from './sink/folder.js';
export type { InputsUsed, Job, JournalEntry, SplitProgress, UsedInputs } from './sink/journal.js';
export { type ArrowStreamOptions, arrowStream } from './sink/stream.js';

// Record batches: their columns and their place in the input

export { type ListColumn, listColumn } from './batch/column.js';
export type { ColumnBatch } from './batch/column-batch.js';
export { type MaskedColumns, maskedBatch, recordBatch, tokenBatch } from './batch/create.js';
export { type BatchPlace, describeBatches, descriptionOf, placeOf, withPlace } from './batch/place.js';
export { onRelease } from './batch/release.js';

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

// Stages, which transform batches in another step's threads

export type { BatchStage, CreateStage } from './batch/stage.js';

// Arrow from elsewhere, verified before it is read

export type { BufferCodec, BufferDecompressor } from './ipc/decompress.js';
export { verifiedMessages } from './ipc/verified.js';

// Errors

export { InputError } from '@mlm/base/errors';
