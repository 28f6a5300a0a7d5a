import { evaluate } from '@mlm/train';
import type { Context } from '../../context.js';
import { pickEngine } from '../../options/engine.js';
import { noLabels } from '../../output/no-labels.js';
import { formatCount, formatShare } from '../../output/numbers.js';
import { createProgress } from '../../output/progress.js';
import { printResult } from '../../output/report.js';
import { namedTokenizer } from '../../tokenizer.js';
import type { EvalOptions } from './command.js';

export async function runEval(context: Context, dataset: string, options: EvalOptions): Promise<void> {
  const progress = createProgress({ stream: context.stderr, env: context.env, label: 'eval', ...options });
  const { settings, report } = await pickEngine(context, options);
  const result = await evaluate({
    dataset: dataset,
    model: options.model,
    batchSize: options.batchSize,
    signal: context.signal,
    ...(options.tokenizer === undefined ? {} : { tokenizer: await namedTokenizer(options.tokenizer) }),
    ...settings,
    onStart: report,
    onProgress: ({ batches, totalBatches }) =>
      progress.update({
        done: batches,
        total: totalBatches,
        details: () => [`batch ${formatCount(batches)} of ${formatCount(totalBatches)}`],
      }),
  }).finally(() => progress.finish());
  if (result.decoded === 0 && options.quiet !== true) context.stderr.write(`mlm: ${noLabels(dataset)}\n`);
  printResult(context, options, result, () => [
    `loss        ${result.loss.toFixed(4)} nats a token, over ${formatCount(result.decoded)} selected tokens`,
    `perplexity  ${result.perplexity.toFixed(2)}`,
    `accuracy    ${formatShare(result.accuracy)}`,
  ]);
}
