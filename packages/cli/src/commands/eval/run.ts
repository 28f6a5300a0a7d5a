import { evaluate } from '@mlm/train';
import type { Context } from '../../context.js';
import { pickEngine } from '../../options/engine.js';
import { formatCount, formatShare } from '../../output/numbers.js';
import { printResult } from '../../output/report.js';
import { namedTokenizer } from '../../tokenizer.js';
import type { EvalOptions } from './command.js';

export async function runEval(context: Context, dataset: string, options: EvalOptions): Promise<void> {
  const { settings, report } = await pickEngine(context, options);
  const result = await evaluate({
    dataset: dataset,
    model: options.model,
    batchSize: options.batchSize,
    signal: context.signal,
    ...(options.tokenizer === undefined ? {} : { tokenizer: await namedTokenizer(options.tokenizer) }),
    ...settings,
    onStart: report,
  });
  printResult(context, options, result, () => [
    `loss        ${result.loss.toFixed(4)} nats a token, over ${formatCount(result.decoded)} selected tokens`,
    `perplexity  ${result.perplexity.toFixed(2)}`,
    `accuracy    ${formatShare(result.accuracy)}`,
  ]);
}
