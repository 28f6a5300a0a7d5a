/**
 * The part of this package that does not need Node, for browsers and for programs that bring their own rows: models and
 * their weights, batches, training, scoring and predicting on an engine, and weights as the bytes of a file.
 */

// Models and weights

export { parseModel, presetModel, presetNames } from './models/index.js';
export { initializeWeights } from './models/initialize.js';
export { type Limits, type Model, type Parameter, parameterCount, type Weights } from './models/model.js';

// Batches

export { assembleBatch, type Batch, type BatchShape, type Row, rowOf } from './data/batch.js';

// Training, scoring, predicting

export type { EngineOptions } from './engine/compile-model.js';
export { Evaluator, type Score } from './engine/evaluator.js';
export { type Candidate, mostProbable, Predictor } from './engine/predictor.js';
export { Trainer, type TrainerOptions } from './engine/trainer.js';
export { type AdamWOptions, adamWDefaults } from './optimizer/adamw.js';
export { learningRateAt, type Schedule, type ScheduleName } from './optimizer/schedule.js';
export { Random } from './random/random.js';

// Files

export { safetensorsHeader } from './checkpoint/safetensors-header.js';
