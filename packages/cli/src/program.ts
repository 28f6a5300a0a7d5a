import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { completionCommand } from './commands/completion/command.js';
import { demoCommand } from './commands/demo/command.js';
import { doctorCommand } from './commands/doctor/command.js';
import { evalCommand } from './commands/eval/command.js';
import { exportCommand } from './commands/export/command.js';
import { fillCommand } from './commands/fill/command.js';
import { inspectCommand } from './commands/inspect/command.js';
import { mergeCommand } from './commands/merge/command.js';
import { preprocessCommand } from './commands/preprocess/command.js';
import { setupCommand } from './commands/setup/command.js';
import { trainCommand } from './commands/train/command.js';
import { verifyCommand } from './commands/verify/command.js';
import { vocabCommand } from './commands/vocab/command.js';
import type { Context } from './context.js';
import { applyConfig } from './options/config.js';
import { exampleText } from './options/define.js';

/**
 * The whole command line. Building it is cheap: a command's modules say only what can be typed, and import the
 * packages that do the work when they run.
 */
export function createProgram(context: Context): Command {
  const program = new Command('mlm')
    .description('Prepare text for masked-language-model training and train BERT on it.')
    .version(version(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help; `mlm help <command>` shows a command’s')
    .addHelpText('before', `${exampleText(examples)}\n`)
    .addHelpText(
      'after',
      '\nColours follow NO_COLOR and FORCE_COLOR. Exit codes: 0 done, 1 error, 2 wrong usage, 130 Ctrl-C.',
    )
    .addHelpCommand(
      new Command('help').argument('[command]').description('a command’s help').helpGroup(gettingStarted),
    )
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
    .hook('preAction', (_, command) => applyConfig(command));

  const groups: Record<string, Command[]> = {
    'From text to a dataset:': [
      preprocessCommand(context),
      vocabCommand(context),
      inspectCommand(context),
      verifyCommand(context),
      mergeCommand(context),
    ],
    'From a dataset to a model:': [
      trainCommand(context),
      evalCommand(context),
      fillCommand(context),
      exportCommand(context),
    ],
    [gettingStarted]: [
      demoCommand(context),
      doctorCommand(context),
      setupCommand(context),
      completionCommand(context, program),
    ],
  };
  for (const [group, commands] of Object.entries(groups)) {
    for (const command of commands) program.addCommand(inherit(program, command).helpGroup(group));
  }
  return program;
}

/** No arguments ask for help; help on what is no command is refused as that command would be, instead of by the help. */
export function helpOrArguments(program: Command, args: string[]): string[] {
  if (args.length === 0) return ['--help'];
  const [first, name] = args;
  const isUnknown =
    first === 'help' && name !== undefined && !program.commands.some((c) => c.name() === name);
  return isUnknown && !name.startsWith('-') && name !== 'help' ? [name] : args;
}

const gettingStarted = 'Getting started:';

const examples = [
  ['mlm demo', 'two minutes that show everything'],
  ['mlm preprocess corpus/ out.arrow', 'a folder of text becomes masked training rows'],
  ['mlm train out.arrow', 'train bert-mini on them, into out-bert-mini/'],
  ['mlm fill out-bert-mini "Paris is the [MASK] of France."', 'ask the model'],
] as const;

function inherit(parent: Command, command: Command): Command {
  for (const child of command.commands) inherit(parent, child);
  return command.copyInheritedSettings(parent);
}

/** Commander puts its suggestion on a second line; an error here is one line. */
function oneLine(text: string): string {
  const joined = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ');
  return `mlm: ${joined}\n`;
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
