import { InputError, lockOutput, mention, say, severalProcesses } from '@mlm/base';
import type { PredictedRow, Run } from '@mlm/pages';
import { RunFolder, type Snapshot, settingsOfRun } from '../checkpoint/run-folder.js';
import type { TrainerState } from '../checkpoint/state.js';
import { learningRateAt } from '../optimizer/schedule.js';
import { sampledUnigramLoss } from '../predict/unigram.js';
import { RunLog } from '../report/log.js';
import { samplePredictions } from '../report/samples.js';
import { StepSource } from './batches.js';
import { type Engines, startEngines } from './engines.js';
import { evaluateRows } from './evaluate-rows.js';
import type { EndEvent, TrainEvent } from './events.js';
import type { ResolvedOptions, TrainOptions } from './options.js';
import {
  continuedState,
  endEvent,
  freshState,
  isDue,
  isEvaluationDue,
  judge,
  reasonToEnd,
  startEvent,
} from './progress.js';
import { inputsOf, outputOf, resolveOptions } from './resolve.js';
import { type Setup, setUp } from './setup.js';

/**
 * Trains a masked language model on a dataset and writes a checkpoint folder. The run advances as its events are read:
 * if you stop reading, it ends without a checkpoint; if `signal` is aborted, it ends with one. With `resume`, options
 * not given are taken from the run.
 *
 * @throws InputError when options, dataset, model and output do not match
 *
 * @example
 * ```ts
 * import { train } from '@mlm/train';
 *
 * for await (const event of train({ dataset: 'out.arrow', model: 'bert-tiny', maxSteps: 100 })) {
 *   if (event.type === 'step') console.log(event.step, event.loss);
 * }
 * ```
 */
export async function* train(given: TrainOptions): AsyncGenerator<TrainEvent> {
  const options = resolveOptions(given, given.resume ? await settingsOfRun(outputOf(given)) : {});
  const several = severalProcesses();
  if (several) {
    throw new InputError(
      `${several}: training cannot be divided among several processes yet; start a single one`,
    );
  }
  const lock = await lockOutput(options.output, { takeOver: options.takeOver });
  try {
    yield* trainIn(new RunFolder(options.output, lock), options);
  } finally {
    lock.release();
  }
}

async function* trainIn(output: RunFolder, options: ResolvedOptions): AsyncGenerator<TrainEvent> {
  await output.check({ ...options, inputs: await inputsOf(options) });
  const resumed = options.resume ? await output.newest() : undefined;
  const setup = await setUp(options, resumed);
  try {
    const state = resumed ? continuedState(resumed.state, options, setup) : freshState(options, setup);
    const reason = reasonToEnd(state, options, setup);
    if (resumed?.folder === output.path && reason !== undefined && reason !== 'aborted') {
      yield startEvent(options, setup, state);
      yield endEvent(reason, options, state);
    } else yield* run(options, setup, output, state, resumed);
  } finally {
    await setup.dataset.close();
  }
}

async function* run(
  options: ResolvedOptions,
  setup: Setup,
  output: RunFolder,
  state: TrainerState,
  resumed: Snapshot | undefined,
): AsyncGenerator<TrainEvent> {
  const { dataset, plan, schedule } = setup;
  const { totalSteps } = schedule;
  const { loaderThreads, signal } = options;
  // Threads that load the data start while the weights are initialized.
  const opening = StepSource.open(dataset, plan, options, state);
  let engines: Engines | undefined;
  let opened: RunLog | undefined;
  try {
    const weights = setup.firstWeights();
    // Faults in the data come to light here, before an older run is replaced.
    const steps = await opening;
    engines = await startEngines(setup, weights, resumed?.moments);
    const { trainer, scored } = engines;
    const checkpoint = async () => ({ ...setup.checkpoint, weights: await trainer.weights() });
    const snapshot = async () => ({
      checkpoint: await checkpoint(),
      state,
      moments: await trainer.moments(),
    });

    await output.create(options);
    const after = options.resume ? (resumed?.state.step ?? -1) : undefined;
    const log = await RunLog.open(options.output, state.recipe, after);
    opened = log;
    const epochs = () => state.epoch + state.batch / plan.batchesPerEpoch;
    const start = startEvent(options, setup, state);
    yield start;
    const { parameters, validationRows } = start;
    const baseline = scored && (await sampledUnigramLoss(dataset));
    const report = (status: Run['status'], predictions?: PredictedRow[]) =>
      log.report({ options, state, status, parameters, validationRows, predictions, unigramLoss: baseline });
    await report('running');

    const savedStep = state.step;
    let reason: EndEvent['reason'] | undefined;
    for (;;) {
      if (scored && isEvaluationDue(state, options, setup)) {
        const evaluation = await evaluateRows(scored, loaderThreads, signal);
        if (evaluation) {
          const event = judge(evaluation, state);
          await log.evaluation(event, epochs());
          yield event;
          if (event.best) {
            await log.sync();
            yield { type: 'checkpoint', step: state.step, folder: await output.saveBest(await checkpoint()) };
          }
        }
      }
      const isAsked = options.saveRequested?.() === true;
      if (state.step > savedStep && (isAsked || isDue(state.step, options.saveEvery))) {
        await log.sync();
        const folder = await output.saveNumbered(await snapshot(), options.keep);
        yield { type: 'checkpoint', step: state.step, folder };
      }
      reason = reasonToEnd(state, options, setup);
      if (reason !== undefined) break;

      const started = performance.now();
      const { batches, epoch, nextBatch } = await steps.next();
      const learning_rate = learningRateAt(schedule, state.step);
      const loss = await trainer.train(batches, learning_rate, state.step + 1);
      if (!Number.isFinite(loss)) throw diverged(state.step + 1, options);

      const tokens = batches.reduce((sum, batch) => sum + batch.tokens, 0);
      const seconds = (performance.now() - started) / 1000;
      Object.assign(state, { step: state.step + 1, epoch, batch: nextBatch });
      state.tokens += tokens;
      state.elapsed_seconds += seconds;
      const line = {
        step: state.step,
        loss,
        gradient_norm: trainer.gradientNorm,
        learning_rate,
        tokens: state.tokens,
        tokens_per_second: tokens / seconds,
        elapsed_seconds: state.elapsed_seconds,
        epoch: epochs(),
        wall_time: Date.now() / 1000,
      };
      await log.step(line);
      await report('running');
      yield { type: 'step', totalSteps, ...line };
    }

    // An aborted run does not wait for samples.
    const samples =
      scored && reason !== 'aborted' ? await samplePredictions(trainer, scored, setup.checkpoint) : undefined;
    await report(reason === 'aborted' ? 'stopped' : reason, samples);
    await log.sync();
    await output.saveLast(await snapshot());
    yield { type: 'checkpoint', step: state.step, folder: options.output };
    yield endEvent(reason, options, state, engines.programs());
  } catch (error) {
    await opened?.failed(error);
    throw error;
  } finally {
    await engines?.dispose();
    await (await opening).close();
  }
}

function diverged(step: number, { output, learningRate }: ResolvedOptions): InputError {
  return new InputError(
    say`${output}: the loss of step ${step} is not a number; train with a lower ${mention('learningRate')} than ${learningRate}, or a longer ${mention('warmup')}`,
  );
}
