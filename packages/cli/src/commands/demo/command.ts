import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';
import { integer } from '../../options/parse.js';
import { recipe } from './recipe.js';

export interface DemoOptions {
  output: string;
  maxSteps: number;
  json?: boolean;
  quiet?: boolean;
}

export function demoCommand(context: Context): Command {
  return defineCommand('demo', 'preprocess, train and ask, on bundled text, in about two minutes', [
    ['mlm demo'],
    ['mlm demo --output /tmp/mlm-demo --max-steps 100', 'a look at the steps; it learns little'],
  ])
    .option(
      '--output <folder>',
      'where the dataset and the checkpoint go; an earlier demo there is replaced',
      'demo',
    )
    .option('--max-steps <n>', 'stop training after this many steps', integer(1), recipe.train.maxSteps)
    .option('--json', 'print the results as one JSON object')
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('./run.js');
      await runDemo(context, options);
    });
}
