export { type Checkpoint, readCheckpoint, readModel } from './checkpoint/checkpoint.js';
export { checkpointFolder } from './checkpoint/hub.js';
export { settingsOfRun } from './checkpoint/run-folder.js';
export { readSafetensors, type StoredTensor, writeSafetensors } from './checkpoint/safetensors.js';
export type { Batch } from './data/batch.js';
export { type DataPlan, type DataPlanOptions, dynamicRule, planData } from './data/dataset.js';
export { type DataPosition, loadBatches } from './data/loader.js';
export type { EngineOptions } from './engine/compile-model.js';
export type { Candidate } from './engine/predictor.js';
export { exportOnnx, type OnnxExport, type OnnxExportOptions } from './export/onnx.js';
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
export type { TrainOptions, TrainSettings } from './loop/options.js';
export { outputOf } from './loop/resolve.js';
export { train } from './loop/train.js';
export { modelTypes, presetModel, presetNames } from './models/index.js';
export type { Limits, Model, Parameter } from './models/model.js';
export { type ScheduleName, scheduleNames } from './optimizer/schedule.js';
export { trainDefaults } from './options.js';
export {
  type DatasetEvaluation,
  type EvaluateOptions,
  type EvaluationProgress,
  evaluate,
} from './predict/evaluate.js';
export { MaskFiller } from './predict/fill.js';
export { unigramLoss } from './predict/unigram.js';
export { readRun } from './report/run.js';
