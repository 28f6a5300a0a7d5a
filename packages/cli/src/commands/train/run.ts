import { type TrainEvent, type TrainOptions as TrainRequest, train } from '@mlm/train';
import { commandName } from '../../command-name.js';
import type { Context } from '../../context.js';
import { pickEngine } from '../../options/engine.js';
import { formatCount, formatDuration, formatShare, formatShortCount } from '../../output/numbers.js';
import { printResult } from '../../output/report.js';
import { namedTokenizer } from '../../tokenizer.js';
import type { TrainOptions } from './command.js';
import { followTraining, type TrainResult } from './follow.js';

export async function runTrain(context: Context, dataset: string, options: TrainOptions): Promise<void> {
  const { settings, report } = await pickEngine(context, options);
  const request = { ...(await trainRequest(dataset, options)), ...settings, signal: context.signal };
  const result = await followTraining(context, reportedAtStart(train(request), report), options);
  printResult(context, options, result, (style) => [
    ...(result.reason === 'finished' ? [] : [style('yellow', whyStopped(result, dataset))]),
    ...describe(result),
    `Next: ${commandName(context.env)} fill ${result.output} "Some text with a [MASK] in it."`,
  ]);
}

/** The events as they are; what was picked is told when the engine has the model. */
async function* reportedAtStart(
  events: AsyncIterable<TrainEvent>,
  report: () => void,
): AsyncGenerator<TrainEvent> {
  for await (const event of events) {
    if (event.type === 'start') report();
    yield event;
  }
}

/** The options under the train package's names; those that were not given are left out. */
async function trainRequest(dataset: string, options: TrainOptions): Promise<TrainRequest> {
  const given = {
    output: options.output,
    tokenizer: options.tokenizer && (await namedTokenizer(options.tokenizer)),
    epochs: options.epochs,
    maxSteps: options.maxSteps,
    microBatchSize: options.microBatchSize,
    dropout: options.dropout,
    saveEvery: options.saveEvery,
    evalEvery: options.evalEvery,
    evalAtStart: options.evalAtStart,
    patience: options.earlyStop,
    resume: options.resume,
    overwrite: options.overwrite,
  };
  return {
    dataset: dataset,
    model: options.model,
    batchSize: options.batchSize,
    gradientAccumulation: options.gradientAccumulation,
    learningRate: options.learningRate,
    schedule: options.schedule,
    warmup: options.warmup,
    decay: options.decay,
    weightDecay: options.weightDecay,
    clipNorm: options.clipNorm,
    freezeLayers: options.freeze,
    masking: options.masking,
    seed: options.seed,
    keep: options.keep,
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as Partial<TrainRequest>),
  };
}

function whyStopped({ reason, step }: TrainResult, dataset: string): string {
  return reason === 'aborted'
    ? `Stopped after step ${formatCount(step)}; go on with the same command and --resume.`
    : `Stopped early at step ${formatCount(step)} of ${dataset}: no better held-out loss.`;
}

function describe(result: TrainResult): string[] {
  const { step, loss, tokens, tokens_per_second, elapsed_seconds, evaluations } = result;
  const heldOut = evaluations.at(-1);
  return [
    `${formatCount(step)} steps, ${formatShortCount(tokens)} tokens in ${formatDuration(elapsed_seconds)} ` +
      `(${formatShortCount(tokens_per_second)} tokens/s)`,
    ...(loss === null ? [] : [`loss ${loss.toFixed(4)}`]),
    ...(heldOut === undefined
      ? []
      : [
          `held-out loss ${heldOut.loss.toFixed(4)}, perplexity ${heldOut.perplexity.toFixed(2)}, ` +
            `accuracy ${formatShare(heldOut.accuracy)}`,
        ]),
    `checkpoint in ${result.output}/`,
  ];
}
