export { InputError } from '@mlm/base/errors';
export { type ListColumn, listColumn } from './batch/column.js';
export { type ColumnBatch, columnBuffers } from './batch/column-batch.js';
export { type MaskedColumns, maskedBatch, recordBatch, tokenBatch } from './batch/create.js';
export { giveBackMemory, int8Memory, int32Memory } from './batch/memory.js';
export { type BatchPlace, describeBatches, descriptionOf, placeOf, withPlace } from './batch/place.js';
export { onRelease, releaseBatch } from './batch/release.js';
export type { BatchStage, CreateStage } from './batch/stage.js';
export { type MergeOptions, mergeDatasets } from './dataset/merge.js';
export { type Dataset, type OpenOptions, openDataset } from './dataset/open.js';
export { checkDataset, checkShards } from './dataset/shards.js';
export type { BufferCodec, BufferDecompressor } from './ipc/decompress.js';
export { verifiedMessages } from './ipc/verified.js';
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
export { metadataText, tokenizerText } from './metadata-text.js';
export { addCounts } from './sink/add-counts.js';
export { countsOf } from './sink/count.js';
export { DatasetSink, type DatasetSinkOptions } from './sink/dataset.js';
export { arrowFile, validationPath } from './sink/file.js';
export { type DatasetFolderOptions, datasetFolder } from './sink/folder.js';
export {
  finishedUnits,
  type Job,
  type JournalEntry,
  partialFolder,
  type SplitProgress,
} from './sink/journal.js';
export { type ArrowStreamOptions, arrowStream } from './sink/stream.js';
