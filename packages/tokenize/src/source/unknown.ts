import { refuseUnknown } from '@mlm/base/options';
import { preprocessOptions } from '../options.js';

/** The options of all steps of a pipeline: a program may pass the same object to each, which reads its own. */
export const knownOptions = {
  ...preprocessOptions,
  inputs: true,
  settings: true,
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

/** @throws InputError for an option that no step of preprocessing takes, with the nearest known one */
export function refuseUnknownOptions(given: object): void {
  refuseUnknown(given as Partial<typeof knownOptions>, knownOptions);
}
