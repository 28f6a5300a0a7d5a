import { InputError } from '@mlm/arrow';
import { RunFolder, type Snapshot } from '../checkpoint/run-folder.js';
import type { TrainerState } from '../checkpoint/state.js';
import { Evaluator } from '../engine/evaluator.js';
import { Trainer } from '../engine/trainer.js';
import { parameterCount } from '../model/parameters.js';
import { learningRateAt } from '../optimizer/schedule.js';
import { RunLog } from '../report/log.js';
import { samplePredictions } from '../report/samples.js';
import { stepBatches } from './batches.js';
import { evaluateRows } from './evaluate.js';
import type { EndEvent, Evaluation, EvaluationEvent, TrainEvent } from './events.js';
import { type ResolvedOptions, resolveOptions, type TrainOptions } from './options.js';
import { continuedState, freshState } from './progress.js';
import { type Setup, setUp } from './setup.js';

/**
 * Trains a masked language model on a dataset and writes a checkpoint folder. The run goes on as its events are read;
 * to leave off reading ends it without a checkpoint, an aborted `signal` with one.
 *
 * @throws InputError when options, dataset, model and output do not go together
 */
export async function* train(given: TrainOptions): AsyncGenerator<TrainEvent> {
  const options = resolveOptions(given);
  const output = new RunFolder(options.output);
  await output.check(options);
  const resumed = options.resume ? await output.newest() : undefined;
  const setup = await setUp(options, resumed?.state);
  try {
    yield* run(options, setup, output, resumed);
  } finally {
    await setup.dataset.close();
  }
}

async function* run(
  options: ResolvedOptions,
  setup: Setup,
  output: RunFolder,
  resumed: Snapshot | undefined,
): AsyncGenerator<TrainEvent> {
  const { dataset, plan, validation, model, schedule } = setup;
  const state = resumed ? continuedState(resumed.state, options, setup) : freshState(options, setup);
  const weights = resumed?.checkpoint.weights ?? model.weights;
  const trainer = await Trainer.create(model.config, weights, setup.trainer, resumed?.moments);
  const heldOut = validation && {
    ...validation,
    evaluator: await Evaluator.sharing(trainer, validation.plan.lengths),
  };
  // The engine has its own copy now.
  weights.clear();
  try {
    const checkpoint = async () => ({ ...model, weights: await trainer.weights() });
    const snapshot = async (): Promise<Snapshot> => ({
      checkpoint: await checkpoint(),
      state,
      moments: await trainer.moments(),
    });

    await output.create(options);
    const log = await RunLog.open(options.output, state.step);

    const { totalSteps } = schedule;
    yield {
      type: 'start',
      totalSteps,
      doneSteps: state.step,
      stepsPerEpoch: setup.stepsPerEpoch,
      batchSize: options.batchSize,
      microBatchSize: setup.trainer.batchSize,
      rows: dataset.rows,
      validationRows: heldOut?.dataset.rows ?? 0,
      parameters: parameterCount(model.config),
      output: options.output,
    };
    let reason: EndEvent['reason'] = 'finished';
    const { gradientAccumulation, loaderThreads } = options;
    const groups =
      state.step < totalSteps ? stepBatches(dataset, plan, gradientAccumulation, loaderThreads, state) : [];
    if (heldOut && options.evalAtStart && state.step === 0) {
      const result = await evaluateRows(heldOut, loaderThreads);
      const event: EvaluationEvent = { type: 'evaluation', step: 0, ...result, best: false };
      await log.evaluation(event);
      yield event;
    }
    let started = performance.now() - state.elapsed_seconds * 1000;
    for await (const { batches, epoch, nextBatch } of groups) {
      const learning_rate = learningRateAt(schedule, state.step);
      const loss = await trainer.train(batches, learning_rate, state.step + 1);
      if (!Number.isFinite(loss)) throw diverged(state.step + 1, options);

      const tokens = batches.reduce((sum, batch) => sum + batch.tokens, 0);
      const elapsed_seconds = (performance.now() - started) / 1000;
      const tokens_per_second = tokens / (elapsed_seconds - state.elapsed_seconds);
      Object.assign(state, { step: state.step + 1, epoch, batch: nextBatch, elapsed_seconds });
      state.tokens += tokens;
      const { step } = state;
      const line = { step, loss, learning_rate, tokens: state.tokens, tokens_per_second, elapsed_seconds };
      await log.step(line);
      yield { type: 'step', totalSteps, ...line };

      const paused = performance.now();
      if (heldOut && (step === totalSteps || isDue(step, options.evalEvery))) {
        const event = judge(await evaluateRows(heldOut, loaderThreads), state);
        await log.evaluation(event);
        yield event;
        if (event.best) yield { type: 'checkpoint', step, folder: await output.saveBest(await checkpoint()) };
      }
      if (isDue(step, options.saveEvery)) {
        const folder = await output.saveNumbered(await snapshot(), options.keep);
        yield { type: 'checkpoint', step, folder };
      }
      started += performance.now() - paused;
      if (options.patience > 0 && state.evaluations_without_improvement >= options.patience)
        reason = 'stopped early';
      else if (options.signal?.aborted && step < totalSteps) reason = 'aborted';
      if (reason !== 'finished' || step === totalSteps) break;
    }
    await output.saveLast(await snapshot());
    await log.report(options, state, heldOut && (await samplePredictions(trainer, heldOut, model)));
    yield { type: 'checkpoint', step: state.step, folder: options.output };
    yield { type: 'end', reason, step: state.step, output: options.output };
  } finally {
    await heldOut?.evaluator.dispose();
    await trainer.dispose();
  }
}

/** Notes in the state whether a held-out result is the best so far. */
function judge(evaluation: Evaluation, state: TrainerState): EvaluationEvent {
  const best = state.best === null || evaluation.loss < state.best.loss;
  if (best) state.best = { step: state.step, loss: evaluation.loss };
  state.evaluations_without_improvement = best ? 0 : state.evaluations_without_improvement + 1;
  return { type: 'evaluation', step: state.step, ...evaluation, best };
}

function diverged(step: number, { output, learningRate }: ResolvedOptions): InputError {
  return new InputError(
    `${output}: the loss of step ${step} is not a number; train with a lower --learning-rate than ${learningRate}, or a longer --warmup`,
  );
}

const isDue = (step: number, every: number) => every > 0 && step % every === 0;
