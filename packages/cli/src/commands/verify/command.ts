import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';

export interface VerifyOptions {
  tokenizer?: string;
  json?: boolean;
  quiet?: boolean;
}

export function verifyCommand(context: Context): Command {
  return defineCommand('verify', 'check that a dataset is whole and follows its masking rule', [
    ['mlm verify out.arrow'],
    ['mlm verify out/ --json && echo sound'],
  ])
    .argument('<dataset>', 'an .arrow file or a dataset folder')
    .option(
      '--tokenizer <path>',
      'check a dataset from elsewhere by the laws of the rule, with its tokenizer',
    )
    .option('--json', 'print the result as one JSON object')
    .action(async (dataset: string, options: VerifyOptions) => {
      const { runVerify } = await import('./run.js');
      await runVerify(context, dataset, options);
    });
}
