import type { MessageParts } from '@mlm/base/errors';
/** What a run tells while it goes. */
export type TrainEvent = StartEvent | StepEvent | EvaluationEvent | CheckpointEvent | EndEvent;

/** The first event: data and model fit each other, the output is made, and steps follow. */
export interface StartEvent {
  type: 'start';
  /** Optimizer steps of the whole run. */
  totalSteps: number;
  /** Those that are done already: not 0 in a run that is resumed. */
  doneSteps: number;
  /** Optimizer steps of a pass over the dataset. */
  stepsPerEpoch: number;
  /** Rows in a batch. */
  batchSize: number;
  /** Rows of a batch that pass through the engine at once. */
  microBatchSize: number;
  /** Rows to train on. */
  rows: number;
  /** Validation rows. */
  validationRows: number;
  /** Numbers that the model consists of. */
  parameters: number;
  /** The run's folder. */
  output: string;
  /** Options that have no effect on this run, one message each; `messageText` of `@mlm/base` writes it out. */
  warnings: MessageParts[];
}

/** A line of metrics.jsonl for each optimizer step. */
export interface StepMetrics {
  /** From 1. */
  step: number;
  /** Mean cross-entropy in nats over the step's masked positions. */
  loss: number;
  /** Norm over all gradients together, before clipping. Missing in lines that earlier versions wrote. */
  gradient_norm?: number;
  /** The rate that the step was taken with. */
  learning_rate: number;
  /** Tokens seen since the start of the run, padding left out. */
  tokens: number;
  /** Tokens of this step by its seconds. */
  tokens_per_second: number;
  /** Seconds spent in steps since the start of the run, over all its parts; evaluations and saving are left out. */
  elapsed_seconds: number;
}

/** An optimizer step was taken and written down. */
export interface StepEvent extends StepMetrics {
  type: 'step';
  /** Optimizer steps of the whole run. */
  totalSteps: number;
}

/** How a model does on masked rows. */
export interface Evaluation {
  /** Mean cross-entropy in nats over the masked positions. */
  loss: number;
  /** exp(loss). */
  perplexity: number;
  /** Share of masked positions whose label was the most probable id, from 0 to 1. */
  accuracy: number;
  /** Masked positions. */
  masked: number;
}

/** The validation rows were scored. */
export interface EvaluationEvent extends Evaluation {
  type: 'evaluation';
  /** Optimizer steps done; 0 before the first. */
  step: number;
  /** Whether no loss of this run was lower; the one before the first step does not count. */
  best: boolean;
}

/** A checkpoint stands whole in a folder. */
export interface CheckpointEvent {
  type: 'checkpoint';
  /** Optimizer steps that its weights have had. */
  step: number;
  /** `checkpoint-<step>/` or `best/` within the output, or at the end the output itself. */
  folder: string;
}

/** The last event. */
export interface EndEvent {
  type: 'end';
  /** All steps were done, `patience` ended the run, or its `signal` did: then it can be resumed. */
  reason: 'finished' | 'stopped early' | 'aborted';
  /** Optimizer steps done, over all parts of the run. */
  step: number;
  /** Tokens seen, padding left out. */
  tokens: number;
  /** Seconds spent in steps. */
  elapsed_seconds: number;
  /** The run's folder. */
  output: string;
}
