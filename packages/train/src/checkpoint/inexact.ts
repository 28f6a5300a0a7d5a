import { basename, dirname, join } from 'node:path';
import { exists } from '@mlm/base';
import { ENGINE_REVISION } from '@mlm/compile';
import type { Model } from '../models/model.js';
import { readState, stateFile, type TrainerState } from './state.js';

/**
 * The size of the embeddings' gradient (rows × tokens × hidden size) from which revision 1 could lose updates on onnx.
 */
const lossyFrom = 210_000;

/**
 * Whether a run's gradients may be incomplete: its engine's revision added up duplicates from several threads without a
 * lock, and its micro-batches were large enough to be affected. The number of threads is not recorded.
 */
export function mayBeInexact({ engine_revision = 1, recipe }: TrainerState, { limits }: Model): boolean {
  if (engine_revision >= ENGINE_REVISION || recipe.engine !== 'onnx') return false;
  if (recipe.device !== undefined && recipe.device !== 'cpu') return false;
  const rows = Number(recipe['micro-batch-size'] ?? recipe['batch-size']);
  return rows * Number(recipe['sequence-length']) * limits.hidden >= lossyFrom;
}

/** A note for a checkpoint to start from if its run {@link mayBeInexact}; else `undefined`. */
export async function inexactNote(folder: string, model: Model): Promise<string | undefined> {
  // A run's best checkpoint has no state of its own.
  const run = basename(folder) === 'best' ? dirname(folder) : folder;
  if (!(await exists(join(run, stateFile)))) return undefined;
  if (!mayBeInexact(await readState(run), model)) return undefined;
  return `${folder}: an earlier version of mlm trained it, which could lose gradients of the embeddings at this size`;
}
