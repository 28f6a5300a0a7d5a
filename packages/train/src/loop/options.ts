import type { TokenizerMetadata } from '@mlm/arrow';
import type { Given, Settings } from '@mlm/base/options';
import type { trainOptions } from '../options.js';

/** What `train` is asked to do. Everything but the dataset has a default: `trainDefaults`. */
export interface TrainOptions extends Given<typeof trainOptions> {
  /** An Arrow file or a dataset folder; a validation part beside it is found by itself. */
  dataset: string;
  /** The tokenizer of a dataset that does not carry one. */
  tokenizer?: TokenizerMetadata | undefined;
  /** The command that repeats the run, for report.html. */
  command?: string | undefined;
  /** Ends the run after the step in progress, or within an evaluation, with a checkpoint. */
  signal?: AbortSignal | undefined;
  /** Asked after every step; where it answers true, a checkpoint is saved as `saveEvery` saves it, and the run goes on. */
  saveRequested?: (() => boolean) | undefined;
}

/** Everything that a run can be told beside its data, with the defaults filled in. */
export interface TrainSettings extends Settings<typeof trainOptions> {}

/** What a run goes by: `auto` as a batch size and the output's name are settled. */
export type ResolvedOptions = Omit<TrainSettings, 'batchSize' | 'output'> &
  Pick<TrainOptions, 'dataset' | 'tokenizer' | 'signal' | 'command' | 'saveRequested'> & {
    batchSize: number;
    output: string;
  };
