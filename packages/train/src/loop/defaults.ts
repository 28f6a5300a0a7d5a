import { engineDefaults } from '../predict/defaults.js';
import type { TrainSettings } from './options.js';

/**
 * What `train` does where its options say nothing; {@link TrainSettings} says what each means. The command line takes
 * its own defaults from here.
 */
export const trainDefaults: TrainSettings = {
  model: 'bert-mini',
  epochs: 1,
  maxSteps: 0,
  batchSize: 32,
  microBatchSize: 0,
  gradientAccumulation: 1,
  learningRate: 1e-4,
  schedule: 'linear',
  warmup: 0.06,
  decay: 0.1,
  weightDecay: 0.01,
  clipNorm: 1,
  dropout: undefined,
  freezeLayers: 0,
  masking: 'static',
  seed: 42,
  saveEvery: 0,
  keep: 2,
  evalEvery: 0,
  evalAtStart: false,
  patience: 0,
  resume: false,
  overwrite: false,
  loaderThreads: 1,
  ...engineDefaults,
};
