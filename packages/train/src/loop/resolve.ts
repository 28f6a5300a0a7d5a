import { basename, dirname, join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { scheduleNames } from '../optimizer/schedule.js';
import { trainDefaults } from './defaults.js';
import type { ResolvedOptions, TrainOptions, TrainSettings } from './options.js';

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
