/** What a run tells while it goes. */
export type TrainEvent = StartEvent | StepEvent | EvaluationEvent | CheckpointEvent | EndEvent;

export interface StartEvent {
  type: 'start';
  /** Optimizer steps of the whole run, and those that are done already (a resumed run). */
  totalSteps: number;
  doneSteps: number;
  stepsPerEpoch: number;
  /** Rows in a batch, and in the parts of it that pass through the engine at once. */
  batchSize: number;
  microBatchSize: number;
  /** Rows to train on and held-out rows. */
  rows: number;
  validationRows: number;
  /** Numbers that training adjusts. */
  parameters: number;
  output: string;
  /** Options that have no effect on this run, a line for each. */
  warnings: string[];
}

/** A line of metrics.jsonl for each optimizer step. */
export interface StepMetrics {
  /** From 1. */
  step: number;
  /** Mean cross-entropy in nats over the step's decoded positions. */
  loss: number;
  learning_rate: number;
  /** Tokens seen since the start of the run, padding left out. */
  tokens: number;
  tokens_per_second: number;
  elapsed_seconds: number;
}

export interface StepEvent extends StepMetrics {
  type: 'step';
  totalSteps: number;
}

/** How a model does on labelled rows. */
export interface Evaluation {
  /** Mean cross-entropy in nats over the decoded positions. */
  loss: number;
  /** exp(loss). */
  perplexity: number;
  /** Share of decoded positions whose label was the most probable id. */
  accuracy: number;
  /** Decoded positions. */
  decoded: number;
}

export interface EvaluationEvent extends Evaluation {
  type: 'evaluation';
  step: number;
  best: boolean;
}

export interface CheckpointEvent {
  type: 'checkpoint';
  step: number;
  folder: string;
}

export interface EndEvent {
  type: 'end';
  reason: 'finished' | 'stopped early' | 'aborted';
  /** Optimizer steps done, tokens seen and time spent in training, over all parts of the run. */
  step: number;
  tokens: number;
  elapsed_seconds: number;
  output: string;
}
