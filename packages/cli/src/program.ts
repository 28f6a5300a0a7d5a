import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { commandGroups, gettingStarted } from './commands/index.js';
import type { Context } from './context.js';
import { exitCodeMeanings, exitCodes } from './errors.js';
import { exampleText } from './options/command.js';
import { applyConfig } from './options/config.js';
import { hintFor } from './options/foreign.js';
import { packageFile } from './options/package-file.js';

/**
 * The whole command line. Building it is cheap: the commands' modules only declare their options, and import the
 * packages that do the work when they run.
 */
export function createProgram(context: Context): Command {
  const program = new Command('mlm')
    .description('Prepare text for masked-language-model training and train BERT on it.')
    .version(version(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help; `mlm help <command>` shows that of a command')
    .addHelpText('before', `${exampleText(examples)}\n`)
    .addHelpText('after', `\nColours follow NO_COLOR and FORCE_COLOR. Exit codes: ${describeExitCodes()}.`)
    .addHelpCommand(
      new Command('help')
        .argument('[command]')
        .description('show the help of a command')
        .helpGroup(gettingStarted),
    )
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(withHint(text))) })
    .hook('preAction', (_, command) => applyConfig(command));

  for (const [group, commands] of Object.entries(commandGroups)) {
    for (const make of commands) program.addCommand(inherit(program, make(context)).helpGroup(group));
  }
  return program;
}

/** Without arguments, shows the help. Help for an unknown command is refused in the same way as the command. */
export function helpOrArguments(program: Command, args: string[]): string[] {
  if (args.length === 0) return ['--help'];
  const [first, name] = args;
  const isUnknown =
    first === 'help' && name !== undefined && !program.commands.some((c) => c.name() === name);
  return isUnknown && !name.startsWith('-') && name !== 'help' ? [name] : args;
}

const examples = [
  ['mlm demo', 'everything in two minutes'],
  ['mlm preprocess corpus/ out.arrow', 'a folder of text becomes masked training rows'],
  ['mlm train out.arrow', 'train bert-mini on them, into out-bert-mini/'],
  ['mlm fill out-bert-mini "Paris is the [MASK] of France."', 'ask the model'],
] as const;

function inherit(parent: Command, command: Command): Command {
  for (const child of command.commands) inherit(parent, child);
  const help = command.configureHelp();
  command.copyInheritedSettings(parent);
  return command.configureHelp({ ...command.configureHelp(), ...help });
}

/** Adds the equivalent to the error for an unknown option that run_mlm.py or Trainer has. */
function withHint(text: string): string {
  const name = /unknown option '--?([\w-]+)'/.exec(text)?.[1];
  const hint = name === undefined ? undefined : hintFor(name);
  return hint === undefined ? text : `unknown option '--${name}': ${hint}`;
}

/** Joins commander's message and its suggestion, which is on a second line. */
function oneLine(text: string): string {
  const joined = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ');
  return `mlm: ${joined}\n`;
}

/** `0 done, 1 an error in input or machine, …`. */
function describeExitCodes(): string {
  return Object.entries(exitCodeMeanings)
    .map(([name, meaning]) => `${exitCodes[name as keyof typeof exitCodes]} ${meaning}`)
    .join(', ');
}

function version(): string {
  const manifest = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
