import { defined } from '@mlm/base/defined';
import { InputError, mention, say } from '@mlm/base/errors';
import { deciding, type Given, settingsOf } from '@mlm/base/options';
import { ENGINE_REVISION, enginesWith } from '@mlm/compile';
import { mayBeInexact } from '../checkpoint/inexact.js';
import type { Recipe, TrainerState } from '../checkpoint/state.js';
import { programLimit } from '../engine/inputs.js';
import { parameterCount } from '../models/model.js';
import { trainOptions } from '../options.js';
import type { EndEvent, Evaluation, EvaluationEvent, StartEvent } from './events.js';
import type { ResolvedOptions } from './options.js';
import type { Setup } from './setup.js';
import { warningsOf } from './warnings.js';

/** What determines a run's final weights: a resumed run must match all of it. */
function recipeOf(options: ResolvedOptions, setup: Setup): Recipe {
  const { dataset, plan, tokenizer, schedule, checkpoint, trainer } = setup;
  const masking = plan.dynamicRule?.settings ?? dataset.metadata?.masking;
  return {
    rows: dataset.rows,
    'sequence-length': plan.lengths.at(-1)!,
    tokenizer: tokenizer.sha256,
    // null if the masks came from elsewhere
    'masking-rule': masking ? JSON.stringify(masking) : null,
    'dataset-content': setup.content,
    ...deciding(trainOptions, options),
    ...checkpoint.model.dropoutRates,
    'total-steps': schedule.totalSteps,
    'warmup-steps': schedule.warmupSteps,
    'decay-steps': schedule.decaySteps,
    'micro-batch-size': trainer.batchSize,
  };
}

/** The options that a continuation takes over; where it writes and how it begins are not among them. */
function rememberedSettings(options: ResolvedOptions): Given<typeof trainOptions> {
  const { output, resume, overwrite, ...remembered } = settingsOf(trainOptions, options);
  return remembered;
}

/** The state of a run before its first step. */
export function freshState(options: ResolvedOptions, setup: Setup): TrainerState {
  return {
    step: 0,
    epoch: 0,
    batch: 0,
    tokens: 0,
    elapsed_seconds: 0,
    best: null,
    evaluated_step: null,
    evaluations_without_improvement: 0,
    engine_revision: ENGINE_REVISION,
    ...defined({ model_revision: setup.revision }),
    recipe: recipeOf(options, setup),
    settings: rememberedSettings(options),
  };
}

/**
 * The state to continue a run from.
 *
 * @throws InputError when the run cannot be continued bit for bit, or when its recipe was different; the message lists
 * all differences
 */
export function continuedState(state: TrainerState, options: ResolvedOptions, setup: Setup): TrainerState {
  if (mayBeInexact(state, setup.checkpoint.model) && !options.acceptInexact) {
    throw new InputError(
      say`${options.output}: an earlier version began this run, which could lose gradients of the embeddings at this size; go on with ${mention('acceptInexact')}, or begin anew`,
    );
  }
  const differences = Object.entries(recipeOf(options, setup)).filter(
    // Earlier versions recorded less.
    ([name, value]) => state.recipe[name] !== value && state.recipe[name] !== undefined,
  );
  if (differences.length === 0) return state;
  const all = differences
    .map(([name, value]) => `${name} ${value}, the run began with ${state.recipe[name]}`)
    .join('; nor with ');
  const instead = differences.some(([name]) => name === 'total-steps')
    ? say`; to train its model further, begin another run from it: ${mention('model', options.output)} ${mention('output', '<folder>')}`
    : [];
  throw new InputError(say`${options.output}: cannot be resumed with ${all}${instead}`);
}

/** Whether the validation rows are due to be scored at the run's current step; never twice at the same step. */
export function isEvaluationDue(
  { step, evaluated_step }: TrainerState,
  { evalAtStart, evalEvery }: ResolvedOptions,
  { validation, schedule }: Setup,
): boolean {
  if (!validation || evaluated_step === step) return false;
  return step === 0 ? evalAtStart : step === schedule.totalSteps || isDue(step, evalEvery);
}

/**
 * Records a validation result in the state, and whether it is the best so far. The untrained model's does not count.
 */
export function judge(evaluation: Evaluation, state: TrainerState): EvaluationEvent {
  const { step } = state;
  const best = step > 0 && (state.best === null || evaluation.loss < state.best.loss);
  if (best) state.best = { step, loss: evaluation.loss };
  if (step > 0) state.evaluations_without_improvement = best ? 0 : state.evaluations_without_improvement + 1;
  state.evaluated_step = step;
  return { type: 'evaluation', step, ...evaluation, best };
}

/** Why a run ends at its current step; `undefined` if it continues. */
export function reasonToEnd(
  state: TrainerState,
  options: ResolvedOptions,
  setup: Setup,
): EndEvent['reason'] | undefined {
  const { patience, signal } = options;
  if (patience > 0 && state.evaluations_without_improvement >= patience) return 'stopped early';
  if (state.step === setup.schedule.totalSteps && !isEvaluationDue(state, options, setup)) return 'finished';
  return signal?.aborted ? 'aborted' : undefined;
}

/** Whether something that happens every so many steps is due; `every` 0 is never. */
export const isDue = (step: number, every: number) => every > 0 && step % every === 0;

export function startEvent(options: ResolvedOptions, setup: Setup, state: TrainerState): StartEvent {
  return {
    type: 'start',
    totalSteps: setup.schedule.totalSteps,
    doneSteps: state.step,
    stepsPerEpoch: setup.stepsPerEpoch,
    batchSize: options.batchSize,
    microBatchSize: setup.trainer.batchSize,
    rows: setup.dataset.rows,
    validationRows: setup.validation?.dataset.rows ?? 0,
    parameters: parameterCount(setup.checkpoint.model),
    ...(enginesWith('staticShapes').includes(setup.trainer.engine) && {
      programLimit:
        programLimit(setup.trainer) + (setup.validation ? programLimit(setup.validation.plan) : 0),
    }),
    output: options.output,
    warnings: warningsOf(options, setup),
  };
}

export function endEvent(
  reason: EndEvent['reason'],
  { output }: ResolvedOptions,
  { step, tokens, elapsed_seconds }: TrainerState,
  programs?: number,
): EndEvent {
  return {
    type: 'end',
    reason,
    step,
    tokens,
    elapsed_seconds,
    programs,
    output,
  };
}
