import type { MessageParts } from '@mlm/base/errors';

/** The events of a run. */
export type TrainEvent = StartEvent | StepEvent | EvaluationEvent | CheckpointEvent | EndEvent;

/** The first event: data and model match, the output exists, and steps follow. */
export interface StartEvent {
  type: 'start';
  /** Optimizer steps of the whole run. */
  totalSteps: number;
  /** Steps already done; not 0 in a resumed run. */
  doneSteps: number;
  /** Optimizer steps in one pass over the dataset. */
  stepsPerEpoch: number;
  /** Rows in a batch. */
  batchSize: number;
  /** Rows that the engine computes at once. */
  microBatchSize: number;
  /** Training rows. */
  rows: number;
  /** Validation rows. */
  validationRows: number;
  /** Number of the model's parameters. */
  parameters: number;
  /**
   * The most programs that training and evaluation can compile, on an engine that compiles one per shape of a batch
   * (xla).
   */
  programLimit?: number;
  /** The run's folder. */
  output: string;
  /** Options that have no effect in this run, one message each; `messageText` of `@mlm/base` turns one into text. */
  warnings: MessageParts[];
}

/** One optimizer step's line in metrics.jsonl. */
export interface StepMetrics {
  /** From 1. */
  step: number;
  /** Mean cross-entropy in nats over the step's masked positions. */
  loss: number;
  /** Global norm of the gradients, before clipping. Absent from lines written by earlier versions. */
  gradient_norm?: number;
  /** Learning rate of the step. */
  learning_rate: number;
  /** Tokens seen since the start of the run, without padding. */
  tokens: number;
  /** Tokens of this step per second. */
  tokens_per_second: number;
  /** Seconds spent in steps since the start of the run, resumed parts included; evaluations and saving excluded. */
  elapsed_seconds: number;
  /** Passes over the training rows completed after this step, such as 1.25. Absent from lines of earlier versions. */
  epoch?: number;
  /** When the step was done: seconds since 1970. Absent from lines of earlier versions. */
  wall_time?: number;
}

/** An optimizer step was taken and logged. */
export interface StepEvent extends StepMetrics {
  type: 'step';
  /** Optimizer steps of the whole run. */
  totalSteps: number;
}

/** A model's scores on masked rows. */
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
  /** Whether this is the lowest loss of the run so far; the evaluation before the first step does not count. */
  best: boolean;
}

/** A complete checkpoint was written. */
export interface CheckpointEvent {
  type: 'checkpoint';
  /** Optimizer steps that led to its weights. */
  step: number;
  /** `checkpoint-<step>/` or `best/` within the output; at the end, the output itself. */
  folder: string;
}

/** The last event. */
export interface EndEvent {
  type: 'end';
  /** Whether all steps were done, or `patience` or the `signal` ended the run; an aborted run can be resumed. */
  reason: 'finished' | 'stopped early' | 'aborted';
  /** Optimizer steps done, over all parts of the run. */
  step: number;
  /** Tokens seen, without padding. */
  tokens: number;
  /** Seconds spent in steps. */
  elapsed_seconds: number;
  /**
   * Programs compiled or taken from the cache for training and evaluation, on an engine that compiles one per shape of
   * a batch (xla).
   */
  programs?: number | undefined;
  /** The run's folder. */
  output: string;
}
