/** Writing datasets from plain columns, without apache-arrow. Record batches are accepted too, and load it. */
export { addCounts, countsOfColumns } from './sink/counts.js';
export { DatasetSink, type DatasetSinkOptions } from './sink/dataset.js';
export { arrowFile, validationPath } from './sink/file.js';
export { type DatasetFolderOptions, datasetFolder } from './sink/folder.js';
export {
  finishedUnits,
  type InputsUsed,
  type Job,
  type JournalEntry,
  partialFolder,
  type RunSettings,
  settingsOfInterrupted,
  type UsedInputs,
} from './sink/journal.js';
export type { ReleasableColumns, SinkInput } from './sink/rows.js';
export { type ArrowStreamOptions, arrowStream } from './sink/stream.js';
