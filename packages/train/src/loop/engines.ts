import { Evaluator } from '../engine/evaluator.js';
import { Trainer } from '../engine/trainer.js';
import type { Weights } from '../models/model.js';
import type { ScoredData } from './evaluate-rows.js';
import type { Setup } from './setup.js';

/** The model on its engine, compiled for training and for scoring validation rows with the same weights. */
export interface Engines {
  trainer: Trainer;
  scored: ScoredData | undefined;
  /** Programs compiled so far, on an engine that compiles one per shape of a batch. */
  programs(): number | undefined;
  dispose(): Promise<void>;
}

/**
 * Compiles the model and takes over its weights: afterwards the engine has its own copy, and the map is empty.
 *
 * @param moments the optimizer's moments of the run being continued
 */
export async function startEngines(
  { checkpoint: { model }, trainer: options, validation }: Setup,
  weights: Weights,
  moments: Weights | undefined,
): Promise<Engines> {
  const trainer = await Trainer.create(model, weights, options, moments);
  const evaluator = validation && (await Evaluator.sharing(trainer, validation.plan));
  weights.clear();
  return {
    trainer,
    scored: validation && evaluator && { ...validation, evaluator },
    programs() {
      const { programs } = trainer.executable;
      return programs === undefined ? undefined : programs + (evaluator?.programs ?? 0);
    },
    async dispose() {
      await evaluator?.dispose();
      await trainer.dispose();
    },
  };
}
