import { Command } from 'commander';
import { addConfigOption } from './config.js';

/** An example of a command line and what it is for. */
export type Example = readonly [commandLine: string, meaning?: string];

/** A command whose help begins with examples and which has the options that every command shares. */
export function defineCommand(name: string, summary: string, examples: readonly Example[]): Command {
  const command = new Command(name)
    .description(summary)
    .addHelpText('before', `${exampleText(examples)}\n`)
    .helpOption('-h, --help', 'show this help')
    .option('-q, --quiet', 'no progress, no summary')
    .option('--debug', 'stack traces and details of what goes on');
  return addConfigOption(command);
}

const commentColumn = 60;

export function exampleText(examples: readonly Example[]): string {
  const width = Math.max(
    ...examples.map(([line]) => line.length).filter((length) => length <= commentColumn),
  );
  const lines = examples.map(([line, meaning]) =>
    meaning === undefined ? `  $ ${line}` : `  $ ${line.padEnd(width)}  # ${meaning}`,
  );
  return ['Examples:', ...lines].join('\n');
}
