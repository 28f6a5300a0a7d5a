import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readError } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import { parseJson, shown } from '@mlm/base/json';
import type { Given } from '@mlm/base/options';
import type { Weights } from '../models/model.js';
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
  for (const name of ['step', 'epoch', 'batch', 'tokens', 'elapsed_seconds'] as const) {
    if (typeof state[name] === 'number' && state[name] >= 0) continue;
    throw new InputError(`${path}: ${name} is ${shown(state[name])}, expected a number`);
  }
  if (typeof state.recipe !== 'object' || state.recipe === null)
    throw new InputError(`${path}: recipe is ${shown(state.recipe)}, expected an object`);
  // Earlier versions evaluated before saving, and did not record it.
  return { ...state, evaluated_step: state.evaluated_step === undefined ? state.step : state.evaluated_step };
}

/** The optimizer's moments stored beside a state. */
export async function readMoments(folder: string): Promise<Weights> {
  const tensors = await readSafetensors(join(folder, momentsFile));
  return new Map([...tensors].map(([name, { values }]) => [name, values]));
}
