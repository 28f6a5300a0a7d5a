import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readError } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import type { Given } from '@mlm/base/options';
import type { Weights } from '../models/model.js';
import type { trainOptions } from '../options.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

/** Where a run stands, beside its weights: all that an exact continuation needs. */
export interface TrainerState {
  /** Optimizer steps done. */
  step: number;
  /** Epoch that the next step belongs to, from 0, and how many of its batches were used. */
  epoch: number;
  batch: number;
  /** Tokens seen, padding left out. */
  tokens: number;
  /** Time spent in training so far, over all parts of the run. */
  elapsed_seconds: number;
  /** The best validation loss so far and its step. */
  best: { step: number; loss: number } | null;
  /** The step that the validation rows were scored at last; null before the first time. */
  evaluated_step: number | null;
  /** Evaluations since the best one. */
  evaluations_without_improvement: number;
  /** The revision of the engines that all its steps were computed with or after; missing before there was a second. */
  engine_revision?: number;
  /** The commit of the model from a hub that the run began with. */
  model_revision?: string;
  /** What decides a run's outcome; a continuation must agree. */
  recipe: Recipe;
  /** The run's options, for a continuation that names none; earlier versions did not write them down. */
  settings?: Given<typeof trainOptions>;
}

export type Recipe = Record<string, string | number | boolean | null>;

/** Its presence says that a folder holds a whole snapshot. */
export const stateFile = 'trainer_state.json';
export const momentsFile = 'optimizer.safetensors';

/** Writes the state and the optimizer's moments into a checkpoint's folder. */
export async function writeState(folder: string, state: TrainerState, moments: Weights): Promise<void> {
  const tensors = [...moments].map(([name, values]) => [name, { shape: [values.length], values }] as const);
  await writeSafetensors(join(folder, momentsFile), tensors, { format: 'mlm', step: String(state.step) });
  await writeFile(join(folder, stateFile), `${JSON.stringify({ format_version: 1, ...state }, null, 2)}\n`);
}

/** @throws InputError when the folder has no state to go on from */
export async function readState(folder: string): Promise<TrainerState> {
  const path = join(folder, stateFile);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw readError(error, path);
    throw new InputError(`${path}: no such file; the run cannot be resumed from here`);
  });
  let json: (TrainerState & { format_version: number }) | null;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InputError(`${path}: not valid JSON; the run cannot be resumed from here`);
  }
  const { format_version, ...state } = json ?? ({} as NonNullable<typeof json>);
  if (format_version !== 1) {
    throw new InputError(
      `${path}: format_version is ${JSON.stringify(format_version)}, expected 1; was it written by a newer mlm?`,
    );
  }
  for (const name of ['step', 'epoch', 'batch', 'tokens', 'elapsed_seconds'] as const) {
    if (typeof state[name] === 'number' && state[name] >= 0) continue;
    throw new InputError(`${path}: ${name} is ${JSON.stringify(state[name])}, expected a number`);
  }
  if (typeof state.recipe !== 'object' || state.recipe === null)
    throw new InputError(`${path}: recipe is ${JSON.stringify(state.recipe)}, expected an object`);
  // Earlier versions evaluated before they saved, and did not write it down.
  return { ...state, evaluated_step: state.evaluated_step === undefined ? state.step : state.evaluated_step };
}

/** The optimizer's moments that stand beside a state. */
export async function readMoments(folder: string): Promise<Weights> {
  const tensors = await readSafetensors(join(folder, momentsFile));
  return new Map([...tensors].map(([name, { values }]) => [name, values]));
}
