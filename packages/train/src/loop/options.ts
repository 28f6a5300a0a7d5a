import type { TokenizerMetadata } from '@mlm/arrow';
import type { EngineOptions } from '../engine/compile-model.js';
import type { ScheduleName } from '../optimizer/schedule.js';

/** What `train` is asked to do. Everything but the dataset has a default: `trainDefaults`. */
export interface TrainOptions extends Partial<Omit<TrainSettings, 'batchSize'>> {
  /** Rows in a batch, default 32; `auto` is the default with a `microBatchSize` of `auto`. */
  batchSize?: number | 'auto';
  /** An Arrow file or a dataset folder; a held-out part beside it is found by itself. */
  dataset: string;
  /** Folder of the new checkpoint; default `<dataset stem>-<model>` beside the dataset. */
  output?: string;
  /** The tokenizer of a dataset that does not carry one. */
  tokenizer?: TokenizerMetadata;
  /** Ends the run after the step in progress, or within an evaluation, with a checkpoint. */
  signal?: AbortSignal;
}

/** Everything that a run can be told beside its data. A number out of the range that is named is an `InputError`. */
export interface TrainSettings extends EngineOptions {
  /**
   * `bert-tiny`, `bert-mini`, `bert-small`, `bert-medium`, `bert-base` to start afresh, or a checkpoint folder
   * (one with a `config.json` alone starts afresh with that configuration), or an `owner/name` of the hub. Default
   * `bert-mini`.
   */
  model: string;
  /** Passes over the dataset, from 1; default 1. */
  epochs: number;
  /** Optimizer steps; default 0: `epochs` decides. */
  maxSteps: number;
  /** Rows in a batch, from 1; default 32. */
  batchSize: number;
  /**
   * Rows that pass through the engine at once: a batch is cut into such parts, whose gradients are summed, so that
   * memory bounds them alone. `auto` takes as many as the free memory holds; default 0: nothing is cut.
   */
  microBatchSize: number | 'auto';
  /** Batches that one optimizer step sums up, from 1; default 1. */
  gradientAccumulation: number;
  /** The highest learning rate of AdamW, reached at the end of the warm-up; default 1e-4. */
  learningRate: number;
  /** How the learning rate falls after the warm-up; default `linear`. */
  schedule: ScheduleName;
  /** Warm-up: a share of all steps (below 1), or a number of steps; default 0.06. */
  warmup: number;
  /** Final decay of `warmup-stable-decay`: a share of all steps (below 1), or a number of steps; default 0.1. */
  decay: number;
  /** AdamW's decoupled weight decay a step, times the learning rate; none on bias and LayerNorm. Default 0.01. */
  weightDecay: number;
  /** Largest global norm of the gradients of a step; 0 does not clip. Default 1. */
  clipNorm: number;
  /** Replaces both dropout rates of the model's configuration: from 0 to below 1; default: the model's own. */
  dropout: number | undefined;
  /** Encoder layers, from the bottom, that stay as they are, with the embeddings; default 0: all are trained. */
  freezeLayers: number;
  /** `static`, the default: the masks that the dataset has. `dynamic`: new ones in each epoch. */
  masking: 'static' | 'dynamic';
  /** Decides on new weights, the order of rows, dropout, and the masks of rows that have none; default 42. */
  seed: number;
  /** Steps between checkpoints in folders of their own; default 0: only the last is written. */
  saveEvery: number;
  /** How many of these checkpoints stay, the newest; 0 keeps all. Default 2. */
  keep: number;
  /** Steps between evaluations on the held-out part; default 0: at the end only. */
  evalEvery: number;
  /** Evaluates once before the first step as well; default false. */
  evalAtStart: boolean;
  /** Ends the run after so many evaluations without a better loss, needs `evalEvery`; default 0: it never does. */
  patience: number;
  /** Goes on with the run that `output` holds, which must agree in all that decides the outcome; default false. */
  resume: boolean;
  /** Replaces what `output` holds, once dataset and model have shown to be of use; default false. */
  overwrite: boolean;
  /** Threads that assemble batches ahead, default 1; 0 does it on the main thread. They change no result. */
  loaderThreads: number;
}

/** What a run goes by: the options, with the defaults filled in. */
export type ResolvedOptions = TrainSettings &
  Pick<TrainOptions, 'dataset' | 'tokenizer' | 'signal'> & { output: string };
