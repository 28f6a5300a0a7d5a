import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readError } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import { parseJson, shown } from '@mlm/base/json';
import type { Given } from '@mlm/base/options';
import { elementCount } from '@mlm/base/shape';
import type { Model, Weights } from '../models/model.js';
import type { trainOptions } from '../options.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

/** The progress of a run: besides the weights, everything that an exact continuation needs. */
export interface TrainerState {
  /** Optimizer steps done. */
  step: number;
  /** The epoch of the next step, from 0, and how many of its batches have been used. */
  epoch: number;
  batch: number;
  /** Tokens seen, without padding. */
  tokens: number;
  /** Time spent training so far, over all parts of the run. */
  elapsed_seconds: number;
  /** The best validation loss so far and its step. */
  best: { step: number; loss: number } | null;
  /** The step at which the validation rows were last scored; null before the first evaluation. */
  evaluated_step: number | null;
  /** Evaluations since the best one. */
  evaluations_without_improvement: number;
  /** The oldest revision of the engines that computed any of its steps; absent in runs from before revision 2. */
  engine_revision?: number;
  /** If the run began with a model from a hub, that model's commit. */
  model_revision?: string;
  /** The settings that determine a run's outcome; a continuation must match them. */
  recipe: Recipe;
  /** The run's options, the defaults of a continuation; earlier versions did not record them. */
  settings?: Given<typeof trainOptions>;
}

/** The settings that determine a run's outcome, by name. */
export type Recipe = Record<string, string | number | boolean | null>;

/** A folder that has this file holds a complete snapshot. */
export const stateFile = 'trainer_state.json';
/** The optimizer's moments, beside the state. */
export const momentsFile = 'optimizer.safetensors';

/** Writes the state and the optimizer's moments into a checkpoint's folder. */
export async function writeState(folder: string, state: TrainerState, moments: Weights): Promise<void> {
  const tensors = [...moments].map(([name, values]) => [name, { shape: [values.length], values }] as const);
  await writeSafetensors(join(folder, momentsFile), tensors, { format: 'mlm', step: String(state.step) });
  await writeFile(join(folder, stateFile), `${JSON.stringify({ format_version: 1, ...state }, null, 2)}\n`);
}

/** Reads the state of a run. @throws InputError when the folder has no state to continue from */
export async function readState(folder: string): Promise<TrainerState> {
  const path = join(folder, stateFile);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw readError(error, path);
    throw new InputError(`${path}: no such file; the run cannot be resumed from here`);
  });
  let json: (TrainerState & { format_version: number }) | null;
  try {
    json = parseJson(text) as typeof json;
  } catch {
    throw new InputError(`${path}: not valid JSON; the run cannot be resumed from here`);
  }
  const { format_version, ...state } = json ?? ({} as NonNullable<typeof json>);
  if (format_version !== 1) {
    throw new InputError(
      `${path}: format_version is ${shown(format_version)}, expected 1; was it written by a newer mlm?`,
    );
  }
  const whole = {
    ...state,
    best: state.best ?? null,
    // Earlier versions evaluated before saving, and did not record it.
    evaluated_step: state.evaluated_step === undefined ? state.step : state.evaluated_step,
    evaluations_without_improvement: state.evaluations_without_improvement ?? 0,
  };
  for (const [name, [expected, isSound]] of Object.entries(fields)) {
    const value = whole[name as keyof typeof fields];
    if (!isSound(value)) throw new InputError(`${path}: ${name} is ${shown(value)}, expected ${expected}`);
  }
  return whole;
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const count = ['a whole number', isCount] as const;

/** What each field of a state must be. */
const fields = {
  step: count,
  epoch: count,
  batch: count,
  tokens: count,
  elapsed_seconds: ['a number', (value: unknown) => Number.isFinite(value) && (value as number) >= 0],
  // JSON has no NaN, which the loss of a run that diverged is.
  best: [
    'a step and its loss, or null',
    (value: unknown) =>
      value === null ||
      (isObject(value) && isCount(value.step) && (value.loss === null || Number.isFinite(value.loss))),
  ],
  evaluated_step: ['a whole number or null', (value: unknown) => value === null || isCount(value)],
  evaluations_without_improvement: count,
  recipe: [
    'an object of numbers, texts, true, false and null',
    (value: unknown) =>
      isObject(value) && Object.values(value).every((each) => typeof each !== 'object' || each === null),
  ],
  settings: ['an object', (value: unknown) => value === undefined || isObject(value)],
} as const satisfies Partial<Record<keyof TrainerState, readonly [string, (value: unknown) => boolean]>>;

/**
 * The optimizer's moments stored beside a state: both of each parameter that is trained, and of none else.
 * @throws InputError if they are damaged or do not fit the model
 */
export async function readMoments(
  folder: string,
  { parameters }: Pick<Model, 'parameters'>,
): Promise<Weights> {
  // Whoever only reads a state can do without what trains a model.
  const { firstMoment, secondMoment } = await import('../optimizer/adamw.js');
  const path = join(folder, momentsFile);
  const tensors = await readSafetensors(path);
  const moments: Weights = new Map();
  for (const { name, shape } of parameters) {
    const pair = [firstMoment(name), secondMoment(name)] as const;
    // Parameters that are frozen have none.
    if (!pair.some((each) => tensors.has(each))) continue;
    for (const each of pair) {
      const values = tensors.get(each)?.values;
      if (values?.length !== elementCount(shape))
        throw new InputError(
          `${path}: ${shown(each, '')} has ${values?.length ?? 'no'} values, expected ${elementCount(shape)}; the run cannot be resumed from here`,
        );
      moments.set(each, values);
    }
  }
  const other = [...tensors.keys()].find((name) => !moments.has(name));
  if (other === undefined && moments.size > 0) return moments;
  throw new InputError(
    `${path}: ${other === undefined ? 'holds no moments' : `${shown(other, '')} is no moment of the model`}; the run cannot be resumed from here`,
  );
}
