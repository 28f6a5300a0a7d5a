import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';
import { integer } from '../../options/parse.js';

export interface InspectOptions {
  rows: number;
  tokenizer?: string;
  json?: boolean;
  quiet?: boolean;
}

export function inspectCommand(context: Context): Command {
  return defineCommand('inspect', 'what a dataset holds: schema, counts, shares, and rows to read', [
    ['mlm inspect out.arrow'],
    ['mlm inspect out/ --rows 20', 'more rows, their selected tokens marked'],
    ['mlm inspect out.arrow --json'],
  ])
    .argument('<dataset>', 'an .arrow file or a dataset folder')
    .option('--rows <n>', 'rows to show', integer(0, 10_000), 3)
    .option('--tokenizer <path>', 'the tokenizer of a dataset that does not bring its own')
    .option('--json', 'print everything as one JSON object')
    .action(async (dataset: string, options: InspectOptions) => {
      const { runInspect } = await import('./run.js');
      await runInspect(context, dataset, options);
    });
}
