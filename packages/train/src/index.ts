// Training

export type { TrainOptions, TrainSettings } from './loop/options.js';
export { outputOf } from './loop/resolve.js';
export { train } from './loop/train.js';
export { type ScheduleName, scheduleNames } from './optimizer/schedule.js';
export { trainDefaults } from './options.js';

// What training reports

export type {
  CheckpointEvent,
  EndEvent,
  Evaluation,
  EvaluationEvent,
  StartEvent,
  StepEvent,
  StepMetrics,
  TrainEvent,
} from './loop/events.js';

// Evaluating, filling and exporting a trained model

export type { Candidate } from './engine/predictor.js';
export { type ExportedModel, exportOnnx, type OnnxExport, type OnnxExportOptions } from './export/onnx.js';
export {
  type DatasetEvaluation,
  type EvaluateOptions,
  type EvaluationProgress,
  evaluate,
} from './predict/evaluate.js';
export { type FilledMask, type MaskAnswer, MaskFiller } from './predict/fill.js';
export { unigramLoss } from './predict/unigram.js';

// Checkpoints and saved runs

export { type Checkpoint, readCheckpoint, readModel } from './checkpoint/checkpoint.js';
export { checkpointFolder, type FoundCheckpoint, findCheckpoint } from './checkpoint/hub.js';
export { settingsOfRun } from './checkpoint/run-folder.js';
export { readSafetensors, type StoredTensor, writeSafetensors } from './checkpoint/safetensors.js';
export type { ReadWeights } from './checkpoint/weights.js';
export { readRun } from './report/run.js';

// Models

export { modelTypes, presetModel, presetNames } from './models/index.js';
export type {
  Adoption,
  Dropout,
  ForwardPass,
  Initializer,
  Limits,
  Model,
  ModelTensors,
  Output,
  Parameter,
  Sequences,
  Vocabulary,
  Weights,
} from './models/model.js';

// Batches of a dataset

export type { Batch } from './data/batch.js';
export { type DataPlan, type DataPlanOptions, dynamicRule, planData } from './data/dataset.js';
export { type DataPosition, loadBatches } from './data/loader.js';

// Engines

export type { EngineOptions } from './engine/compile-model.js';
