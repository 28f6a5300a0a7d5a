import type { TokenizerMetadata } from '@mlm/arrow';
import type { Given, Settings } from '@mlm/base/options';
import type { trainOptions } from '../options.js';

/** Options of {@link train}. All but the dataset have defaults: {@link trainDefaults}. */
export interface TrainOptions extends Given<typeof trainOptions> {
  /** An Arrow file or a dataset folder; validation rows beside it are found automatically. */
  dataset: string;
  /** The tokenizer, for a dataset that does not name its own. */
  tokenizer?: TokenizerMetadata | undefined;
  /** The command that repeats the run, shown in report.html. */
  command?: string | undefined;
  /** Ends the run with a checkpoint, after the step in progress or during an evaluation. */
  signal?: AbortSignal | undefined;
  /**
   * Called after every step; when it returns true, a checkpoint is saved as with `saveEvery`, and the run continues.
   */
  saveRequested?: (() => boolean) | undefined;
}

/** All options of a run except its data, with defaults filled in. */
export interface TrainSettings extends Settings<typeof trainOptions> {}

/** Settings with the batch size `auto` and the output's name resolved. */
export type ResolvedOptions = Omit<TrainSettings, 'batchSize' | 'output'> &
  Pick<TrainOptions, 'dataset' | 'tokenizer' | 'signal' | 'command' | 'saveRequested'> & {
    batchSize: number;
    output: string;
  };
