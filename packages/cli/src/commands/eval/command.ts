import { evaluateDefaults } from '@mlm/train/defaults';
import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';
import { addEngineOptions, type EngineOptions } from '../../options/engine.js';
import { integer } from '../../options/parse.js';

export interface EvalOptions extends EngineOptions {
  model: string;
  tokenizer?: string;
  batchSize: number;
  json?: boolean;
  quiet?: boolean;
}

export function evalCommand(context: Context): Command {
  const command = defineCommand('eval', 'loss, perplexity and accuracy of a model on a dataset', [
    ['mlm eval out.arrow --model out-bert-mini', 'on the held-out rows where there are any'],
    ['mlm eval out.eval.arrow --model out-bert-mini --json'],
  ])
    .argument('<dataset>', 'an .arrow file or a dataset folder')
    .requiredOption('--model <checkpoint>', 'a checkpoint folder or a hub id')
    .option('--tokenizer <path>', 'the tokenizer of a dataset that does not bring its own')
    .option('--batch-size <rows>', 'rows in a batch', integer(1), evaluateDefaults.batchSize)
    .option('--json', 'print loss, perplexity and accuracy as one JSON object');
  return addEngineOptions(command).action(async (dataset: string, options: EvalOptions) => {
    const { runEval } = await import('./run.js');
    await runEval(context, dataset, options);
  });
}
