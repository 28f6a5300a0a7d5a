import { basename, dirname, join } from 'node:path';
import { InputError, type TokenizerMetadata } from '@mlm/arrow';
import type { EngineOptions } from '../engine/compile-model.js';
import { type ScheduleName, scheduleNames } from '../optimizer/schedule.js';
import { trainDefaults } from './defaults.js';

/** What `train` is asked to do. Everything but the dataset has a default: {@link trainDefaults}. */
export interface TrainOptions extends Partial<Omit<TrainSettings, 'batchSize'>> {
  /** Rows in a batch; `auto` is the default with a `microBatchSize` of `auto`. */
  batchSize?: number | 'auto';
  /** An Arrow file or a dataset folder; a held-out part beside it is found by itself. */
  dataset: string;
  /** Folder of the new checkpoint; default `<dataset stem>-<model>` beside the dataset. */
  output?: string;
  /** The tokenizer of a dataset that does not carry one. */
  tokenizer?: TokenizerMetadata;
  /** Ends the run after the step in progress, with a checkpoint. */
  signal?: AbortSignal;
}

export interface TrainSettings extends EngineOptions {
  /**
   * `bert-tiny`, `bert-mini`, `bert-small`, `bert-medium`, `bert-base` to start afresh, or a checkpoint folder
   * (one with a `config.json` alone starts afresh with that configuration), or an `owner/name` of the hub.
   */
  model: string;
  epochs: number;
  /** Optimizer steps; 0 means that `epochs` decides. */
  maxSteps: number;
  /** Rows in a batch. */
  batchSize: number;
  /**
   * Rows that pass through the engine at once: a batch is cut into such parts, whose gradients are summed, so that
   * memory bounds them alone. `auto` takes as many as the free memory holds; 0 cuts nothing.
   */
  microBatchSize: number | 'auto';
  /** Batches that one optimizer step sums up. */
  gradientAccumulation: number;
  learningRate: number;
  schedule: ScheduleName;
  /** Warm-up: a share of all steps (below 1), or a number of steps. */
  warmup: number;
  /** Final decay of `warmup-stable-decay`: a share of all steps (below 1), or a number of steps. */
  decay: number;
  weightDecay: number;
  /** Largest global norm of the gradients; 0 does not clip. */
  clipNorm: number;
  /** Replaces both dropout rates of the model's configuration. */
  dropout: number | undefined;
  /** Encoder layers, from the bottom, that stay as they are, with the embeddings; 0 trains all. */
  freezeLayers: number;
  /** `static`: the masks that the dataset has. `dynamic`: new ones in each epoch. */
  masking: 'static' | 'dynamic';
  seed: number;
  /** Steps between checkpoints; 0 writes only the last. */
  saveEvery: number;
  /** How many of these checkpoints stay; 0 keeps all. */
  keep: number;
  /** Steps between evaluations on the held-out part; 0 evaluates at the end only. */
  evalEvery: number;
  /** Evaluates once before the first step. */
  evalAtStart: boolean;
  /** Ends the run after so many evaluations without a better loss; 0 never does. */
  patience: number;
  /** Goes on with the run that `output` holds. */
  resume: boolean;
  /** Replaces what `output` holds. */
  overwrite: boolean;
  /** Threads that assemble batches ahead; 0 does it on the main thread. */
  loaderThreads: number;
}

export type ResolvedOptions = TrainSettings &
  Pick<TrainOptions, 'dataset' | 'tokenizer' | 'signal'> & { output: string };

/**
 * Fills in the defaults.
 * @throws InputError for a value out of its range
 */
export function resolveOptions(given: TrainOptions): ResolvedOptions {
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const automatic = given.batchSize === 'auto' && {
    batchSize: trainDefaults.batchSize,
    microBatchSize: given.microBatchSize ?? 'auto',
  };
  const options = {
    ...trainDefaults,
    output: defaultOutput(given),
    ...defined,
    ...automatic,
  } as ResolvedOptions;
  const whole = (name: NumberOption, least: number) =>
    check(
      name,
      options[name],
      Number.isSafeInteger(options[name]) && options[name] >= least,
      `a whole number from ${least}`,
    );
  const real = (name: NumberOption) =>
    check(name, options[name], Number.isFinite(options[name]) && options[name] >= 0, 'a number from 0');
  for (const name of ['epochs', 'batchSize', 'gradientAccumulation'] as const) whole(name, 1);
  for (const name of [
    'maxSteps',
    'freezeLayers',
    'seed',
    'saveEvery',
    'keep',
    'evalEvery',
    'patience',
  ] as const) {
    whole(name, 0);
  }
  for (const name of ['loaderThreads', 'threads'] as const) whole(name, 0);
  for (const name of ['learningRate', 'warmup', 'decay', 'weightDecay', 'clipNorm'] as const) real(name);
  const { dropout, schedule, masking, batchSize, microBatchSize } = options;
  check(
    'microBatchSize',
    microBatchSize,
    microBatchSize === 'auto' ||
      (Number.isSafeInteger(microBatchSize) && microBatchSize >= 0 && microBatchSize <= batchSize),
    `auto or a whole number up to the batch size, ${batchSize}`,
  );
  check(
    'dropout',
    dropout,
    dropout === undefined || (dropout >= 0 && dropout < 1),
    'a number from 0 to below 1',
  );
  check('schedule', schedule, scheduleNames.includes(schedule), `one of ${scheduleNames.join(', ')}`);
  check('masking', masking, masking === 'static' || masking === 'dynamic', 'static or dynamic');
  if (options.patience > 0 && options.evalEvery === 0) {
    throw new InputError('--early-stop: say with --eval-every <steps> how often held-out rows are scored');
  }
  return options;
}

type NumberOption = {
  [Name in keyof TrainSettings]-?: TrainSettings[Name] extends number ? Name : never;
}[keyof TrainSettings];

/** What the command line calls differently. */
const commandNames: Record<string, string> = { freezeLayers: 'freeze', patience: 'earlyStop' };

function check(name: string, value: unknown, right: boolean, expected: string): void {
  if (!right) {
    const option = (commandNames[name] ?? name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new InputError(`--${option} is ${value}, expected ${expected}`);
  }
}

/** `corpus/out.arrow` and bert-mini give `corpus/out-bert-mini`. */
function defaultOutput({ dataset, model = trainDefaults.model }: TrainOptions): string {
  const stem = basename(dataset).replace(/\.arrow$/, '');
  return join(dirname(dataset), `${stem}-${basename(model)}`);
}
