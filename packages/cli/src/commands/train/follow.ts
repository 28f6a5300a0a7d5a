import type { EndEvent, Evaluation, TrainEvent } from '@mlm/train';
import type { Context } from '../../context.js';
import { spell } from '../../options/flags.js';
import { formatCount, formatNoun, formatShortCount } from '../../output/numbers.js';
import { createProgress } from '../../output/progress.js';
import { noLabels, type OutputOptions } from '../../output/report.js';

/** The result of a run. */
export interface TrainResult {
  output: string;
  reason: EndEvent['reason'];
  /** Optimizer steps done, over all runs into this output. */
  step: number;
  total_steps: number;
  /** Mean loss of the last steps, up to 20; null if no step was left to do. */
  loss: number | null;
  tokens: number;
  tokens_per_second: number;
  elapsed_seconds: number;
  /** Programs compiled or loaded from the cache; only for the engine xla. */
  programs?: number | undefined;
  /** Validation results, in the order of steps. */
  evaluations: ({ step: number; decoded: number } & Omit<Evaluation, 'masked'>)[];
}

const lossWindow = 20;

/** Follows a run's events to the end and shows its progress. */
export async function followTraining(
  context: Context,
  events: AsyncIterable<TrainEvent>,
  options: OutputOptions,
): Promise<TrainResult> {
  const progress = createProgress({ stream: context.stderr, env: context.env, label: 'train', ...options });
  const result: TrainResult = {
    output: '',
    reason: 'finished',
    step: 0,
    total_steps: 0,
    loss: null,
    tokens: 0,
    tokens_per_second: 0,
    elapsed_seconds: 0,
    evaluations: [],
  };
  const losses: number[] = [];
  let tokensBefore: number | undefined;
  let secondsBefore = 0;
  try {
    for await (const event of events) {
      if (event.type === 'start') {
        const { totalSteps, doneSteps, rows, validationRows, parameters, output } = event;
        const { batchSize, microBatchSize, programLimit, warnings } = event;
        Object.assign(result, { output, step: doneSteps, total_steps: totalSteps });
        for (const warning of warnings) progress.note(`mlm: ${spell(warning)}`);
        const validation = validationRows > 0 ? ` and ${formatNoun(validationRows, 'validation row')}` : '';
        const resumed = doneSteps > 0 ? `, from step ${formatCount(doneSteps)} on` : '';
        const cut =
          microBatchSize < batchSize
            ? `, batches of ${batchSize} rows in micro-batches of ${microBatchSize}`
            : '';
        progress.note(
          `${formatShortCount(parameters)} parameters, ${formatNoun(rows, 'row')}${validation}, ` +
            `${formatNoun(totalSteps, 'step')}${cut}${resumed} → ${output}/`,
        );
        if (programLimit !== undefined)
          progress.note(`XLA compiles a program for each shape of a batch: at most ${programLimit}`);
      } else if (event.type === 'step') {
        if (losses.push(event.loss) > lossWindow) losses.shift();
        // With any label, the cross-entropy is above 0.
        if (tokensBefore === undefined && event.loss === 0)
          progress.note(`mlm: ${noLabels(`step ${event.step}`)}`);
        const { step, tokens, elapsed_seconds } = event;
        result.loss = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
        // The first step includes compilation, so the rate is that of the later steps.
        if (tokensBefore === undefined) [tokensBefore, secondsBefore] = [tokens, elapsed_seconds];
        else result.tokens_per_second = (tokens - tokensBefore) / (elapsed_seconds - secondsBefore);
        Object.assign(result, { step, tokens, elapsed_seconds });
        progress.update({
          done: step,
          total: event.totalSteps,
          values: { step, loss: result.loss!, tokens, tokens_per_second: result.tokens_per_second },
          details: () => [
            `step ${formatCount(step)} of ${formatCount(event.totalSteps)}`,
            `loss ${result.loss!.toFixed(3)}`,
            ...(result.tokens_per_second > 0
              ? [`${formatShortCount(result.tokens_per_second)} tokens/s`]
              : []),
          ],
        });
      } else if (event.type === 'evaluation') {
        const { type: _, best, masked, ...evaluation } = event;
        result.evaluations.push({ ...evaluation, decoded: masked });
        progress.note(
          `step ${formatCount(evaluation.step)}: validation loss ${evaluation.loss.toFixed(4)}, ` +
            `accuracy ${(evaluation.accuracy * 100).toFixed(2)} %${best ? ', the best so far' : ''}`,
        );
      } else if (event.type === 'end') {
        const { reason, step, tokens, elapsed_seconds, programs } = event;
        Object.assign(result, {
          reason,
          step,
          tokens,
          elapsed_seconds,
          programs,
        });
      }
    }
  } finally {
    progress.finish();
  }
  return result;
}
