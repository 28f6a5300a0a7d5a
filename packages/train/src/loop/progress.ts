import { InputError } from '@mlm/arrow';
import type { Recipe, TrainerState } from '../checkpoint/state.js';
import type { ResolvedOptions } from './options.js';
import type { Setup } from './setup.js';

/** What decides the weights that a run ends with: a resumed run must agree in all of it. */
function recipeOf(options: ResolvedOptions, { dataset, schedule, model, trainer }: Setup): Recipe {
  const { batchSize, gradientAccumulation, learningRate, weightDecay, clipNorm, freezeLayers } = options;
  return {
    rows: dataset.rows,
    model: options.model,
    hidden_dropout_prob: model.config.hidden_dropout_prob,
    attention_probs_dropout_prob: model.config.attention_probs_dropout_prob,
    engine: options.engine,
    device: options.device,
    precision: options.precision,
    xla: options.xla ?? false,
    seed: options.seed,
    masking: options.masking,
    schedule: options.schedule,
    'total-steps': schedule.totalSteps,
    'warmup-steps': schedule.warmupSteps,
    'decay-steps': schedule.decaySteps,
    'batch-size': batchSize,
    'micro-batch-size': trainer.batchSize,
    'gradient-accumulation': gradientAccumulation,
    'learning-rate': learningRate,
    'weight-decay': weightDecay,
    'clip-norm': clipNorm,
    'freeze-layers': freezeLayers,
  };
}

export function freshState(options: ResolvedOptions, setup: Setup): TrainerState {
  return {
    step: 0,
    epoch: 0,
    batch: 0,
    tokens: 0,
    elapsed_seconds: 0,
    best: null,
    evaluations_without_improvement: 0,
    recipe: recipeOf(options, setup),
  };
}

/** @throws InputError when the run that is continued was another one */
export function continuedState(state: TrainerState, options: ResolvedOptions, setup: Setup): TrainerState {
  for (const [name, value] of Object.entries(recipeOf(options, setup))) {
    if (state.recipe[name] === value) continue;
    throw new InputError(
      `${options.output}: cannot be resumed with ${name} ${value}, the run began with ${state.recipe[name]}`,
    );
  }
  return state;
}
