/** Writing datasets without apache-arrow, from plain columns; record batches are taken as well, and then load it. */
export { addCounts } from './sink/add-counts.js';
export { countsOfColumns } from './sink/count-columns.js';
export { DatasetSink, type DatasetSinkOptions } from './sink/dataset.js';
export { arrowFile, validationPath } from './sink/file.js';
export { type DatasetFolderOptions, datasetFolder } from './sink/folder.js';
export {
  finishedUnits,
  type InputsUsed,
  type Job,
  type JournalEntry,
  partialFolder,
  type UsedInputs,
} from './sink/journal.js';
export type { ReleasableColumns, SinkInput } from './sink/rows.js';
export { type ArrowStreamOptions, arrowStream } from './sink/stream.js';
