import { settingsOf } from '@mlm/base/options';
import { evaluate } from '@mlm/train';
import { evaluateOptions } from '@mlm/train/options';
import type { Context } from '../../context.js';
import { pickEngine } from '../../options/engine.js';
import { formatCount, formatShare } from '../../output/numbers.js';
import { createProgress } from '../../output/progress.js';
import { noLabels, printResult } from '../../output/report.js';
import { namedTokenizer } from '../../tokenizer.js';
import type { EvalSettings } from './command.js';

export async function runEval(context: Context, options: EvalSettings): Promise<void> {
  const progress = createProgress({ stream: context.stderr, env: context.env, label: 'eval', ...options });
  const { settings, report } = await pickEngine(context, options);
  const { dataset } = options;
  const tokenizer = options.tokenizer === undefined ? undefined : await namedTokenizer(options.tokenizer);
  const result = await evaluate({
    ...settingsOf(evaluateOptions, { ...options, ...settings }),
    dataset,
    model: options.model,
    tokenizer,
    signal: context.signal,
    onStart: report,
    onProgress: ({ batches, totalBatches }) =>
      progress.update({
        done: batches,
        total: totalBatches,
        details: () => [`batch ${formatCount(batches)} of ${formatCount(totalBatches)}`],
      }),
  }).finally(() => progress.finish());
  if (result.masked === 0 && !options.quiet) context.stderr.write(`mlm: ${noLabels(dataset)}\n`);
  else if (result.split === 'train' && !options.quiet) {
    context.stderr.write(
      `mlm: ${dataset}: has no validation rows, so this scores the training rows; preprocess with --eval-fraction to hold some out\n`,
    );
  }
  const rows =
    result.split === null ? '' : ` of the ${result.split === 'train' ? 'training' : 'validation'} rows`;
  const { masked, split, ...scores } = result;
  printResult(context, options, { ...scores, decoded: masked, split }, () => [
    `loss        ${result.loss.toFixed(4)} nats per token, over ${formatCount(masked)} masked tokens${rows}`,
    `perplexity  ${result.perplexity.toFixed(2)}`,
    `accuracy    ${formatShare(result.accuracy)}`,
  ]);
}
