import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';

export interface DemoOptions {
  output: string;
  json?: boolean;
  quiet?: boolean;
}

export function demoCommand(context: Context): Command {
  return defineCommand('demo', 'preprocess, train and ask, on bundled text, in about two minutes', [
    ['mlm demo'],
    ['mlm demo --output /tmp/mlm-demo'],
  ])
    .option(
      '--output <folder>',
      'where the dataset and the checkpoint go; an earlier demo there is replaced',
      'demo',
    )
    .option('--json', 'print the results as one JSON object')
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('./run.js');
      await runDemo(context, options);
    });
}
