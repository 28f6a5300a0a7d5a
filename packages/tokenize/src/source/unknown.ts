import { refuseUnknown } from '@mlm/base/options';
import { preprocessOptions } from '../options.js';

/** What the steps of one pipeline take: a program may give all of them the same options, and each reads its own. */
export const knownOptions = {
  ...preprocessOptions,
  inputs: true,
  output: true,
  tokenizer: true,
  stages: true,
  reusesMemory: true,
  share: true,
  stdout: true,
  onProgress: true,
  signal: true,
  onSkipped: true,
  firstUnit: true,
  lastFinished: true,
  allowsEmpty: true,
};

/** @throws InputError for an option that no step of preprocessing takes, with the nearest that one does */
export function refuseUnknownOptions(given: object): void {
  refuseUnknown(given as Partial<typeof knownOptions>, knownOptions);
}
