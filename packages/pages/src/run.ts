/** A run, as shown on a page. */
export interface Run {
  /** Its name on the page: that of its folder. */
  name: string;
  /** `running` makes the page follow the run. */
  status: 'running' | 'finished' | 'stopped early' | 'stopped' | 'failed';
  /** Why the run failed, in a line. */
  failure?: string | undefined;
  /** The optimizer steps that the run is to do. */
  totalSteps?: number | undefined;
  /** The command that repeats the run. */
  command?: string | undefined;
  /** Formatted values by label, in the order in which they are shown. */
  facts: Record<string, string>;
  /** One point per optimizer step, ascending by `step`. */
  steps: StepPoint[];
  /** The results on the validation rows, ascending by `step`. */
  evaluations: EvaluationPoint[];
  /** Loss, in nats per masked token, of guessing by the frequency of tokens alone. */
  unigramLoss?: number | undefined;
  /** Validation rows with the model's answers. */
  predictions?: PredictedRow[] | undefined;
}

/** The metrics of an optimizer step. */
export interface StepPoint {
  step: number;
  /** Mean cross-entropy over the masked tokens, in nats. */
  loss: number;
  learning_rate: number;
  tokens_per_second: number;
  /** Global norm of the gradient before clipping. */
  gradient_norm?: number | undefined;
}

/** The results of an evaluation. */
export interface EvaluationPoint {
  step: number;
  /** Mean cross-entropy over the masked tokens, in nats. */
  loss: number;
  /** Share of masked tokens answered right, from 0 to 1. */
  accuracy: number;
}

/** A row as text, in parts, spaces included: what the model sees, and the places that were masked. */
export interface PredictedRow {
  parts: (string | MaskedPlace)[];
}

/** A masked place and the model's guesses. */
export interface MaskedPlace {
  /** The original word. */
  expected: string;
  /** Most probable first; `probability` from 0 to 1; `isRight` tells the token that stood there from others that read alike. */
  candidates: { word: string; probability: number; isRight: boolean }[];
}
