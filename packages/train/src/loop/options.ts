import type { TokenizerMetadata } from '@mlm/arrow';
import type { Given, Settings } from '@mlm/base/options';
import type { trainOptions } from '../options.js';

/** Options of {@link train}. All but the dataset have defaults: {@link trainDefaults}. */
export interface TrainOptions extends Given<typeof trainOptions> {
  /** An Arrow file or a dataset folder; validation rows beside it are found automatically. */
  dataset: string;
  /** The tokenizer of a dataset that does not carry one. */
  tokenizer?: TokenizerMetadata | undefined;
  /** The command that repeats the run, for report.html. */
  command?: string | undefined;
  /** Ends the run after the step in progress, or within an evaluation, with a checkpoint. */
  signal?: AbortSignal | undefined;
  /** Called after every step; if it returns true, a checkpoint is saved as by `saveEvery`, and the run goes on. */
  saveRequested?: (() => boolean) | undefined;
}

/** All options of a run but its data, with the defaults filled in. */
export interface TrainSettings extends Settings<typeof trainOptions> {}

/** Settings with `auto` as a batch size and the output's name resolved. */
export type ResolvedOptions = Omit<TrainSettings, 'batchSize' | 'output'> &
  Pick<TrainOptions, 'dataset' | 'tokenizer' | 'signal' | 'command' | 'saveRequested'> & {
    batchSize: number;
    output: string;
  };
