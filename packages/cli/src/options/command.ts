import type { Given, OptionTable, Settings } from '@mlm/base/options';
import { choice, flag, type Option, options as optionTable } from '@mlm/base/options';
import { Argument, Command, Option as CommanderOption, InvalidArgumentError } from 'commander';
import type { Context } from '../context.js';
import { addConfigOption, argumentTables } from './config.js';
import { flagOf } from './flags.js';
import { gatherSettings } from './gather.js';

/** An example of a command line and what it is for. */
export type Example = readonly [commandLine: string, meaning?: string];

/** A command as one object: flags, help, completion, keys of a configuration file and the settings' type follow from it. */
export interface CommandDefinition<
  Arguments extends OptionTable = OptionTable,
  Options extends OptionTable = OptionTable,
> {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly Example[];
  /** What is given by its place, in this order; one list at most. */
  readonly arguments: Arguments;
  readonly options: Options;
  /** The options of the run that `resume` continues, used where none is given. */
  resumedOptions?(settings: Settings<Arguments> & Settings<Options>): Promise<Given<Options>>;
}

/** What a command receives: arguments and options alike, with the defaults filled in. */
export type CommandSettings<Definition extends CommandDefinition> = Settings<Definition['arguments']> &
  Settings<Definition['options']> &
  Settings<typeof sharedOptions>;

/** How a command was called. */
export interface Invocation<Definition extends CommandDefinition> {
  /** What the command line, a configuration file or a recipe said: the settings without the defaults. */
  readonly given: Partial<CommandSettings<Definition>>;
  readonly command: Command;
}

/** Does a command's work. */
type Run<Definition extends CommandDefinition> = (
  context: Context,
  settings: CommandSettings<Definition>,
  invocation: Invocation<Definition>,
) => Promise<void> | void;

/** The options of every command. */
const sharedOptions = optionTable({
  quiet: flag({ short: 'q', help: 'no progress, no summary' }),
  progress: choice(['auto', 'json'], {
    default: 'auto',
    value: 'how',
    help: 'json: one JSON object per line on standard error, each second',
  }),
  debug: flag({ help: 'stack traces and details of what goes on' }),
});

/** A command that a program can take up. */
export type CommandMaker = (context: Context) => Command;

/** Checks that a definition is one, and keeps its precise type. */
export function defineCommand<Arguments extends OptionTable, Options extends OptionTable>(
  definition: CommandDefinition<Arguments, Options>,
): CommandDefinition<Arguments, Options> {
  return definition;
}

/**
 * Makes a definition a command of commander's.
 * @param load imports what does the work, only when the command runs: `mlm --help` stays quick
 */
export function runnable<Definition extends CommandDefinition>(
  definition: Definition,
  load: () => Promise<Run<Definition>>,
): CommandMaker {
  const table: OptionTable = { ...definition.options, ...sharedOptions };
  return (context) => {
    const command = new Command(definition.name)
      .description(definition.summary)
      .addHelpText('before', `${exampleText(definition.examples)}\n`)
      .helpOption('-h, --help', 'show this help');
    addArguments(command, definition.arguments);
    for (const [name, option] of Object.entries(table)) {
      if (option.flag !== false) command.addOption(commanderOption(name, option));
    }
    argumentTables.set(command, definition.arguments);
    return addConfigOption(command).action(async () => {
      const gathered = await gatherSettings(definition, table, command);
      const settings = gathered.settings as CommandSettings<Definition>;
      const given = gathered.given as Invocation<Definition>['given'];
      const run = await load();
      await run(context, settings, { given, command });
    });
  };
}

/** Commander knows a list as the last argument alone: a list before others is one list of all, with a usage of its own. */
function addArguments(command: Command, table: OptionTable): void {
  const names = Object.entries(table).map(([name, option]) => argumentName(name, option));
  const list = Object.values(table).findIndex(({ kind }) => kind === 'list');
  if (list === -1 || list === names.length - 1) {
    for (const [name, option] of Object.entries(table)) {
      const argument = new Argument(argumentName(name, option), option.help);
      command.addArgument(option.choices === undefined ? argument : argument.choices(option.choices));
    }
    return;
  }
  command.usage(['[options]', ...names].join(' '));
  command.argument('<paths...>', 'inputs, then the output');
  const shown = Object.entries(table).map(([name, { help }]) => new Argument(`<${name}>`, help));
  command.configureHelp({ visibleArguments: () => shown });
}

function argumentName(name: string, { kind, required, flag: shown }: Option): string {
  const word = `${shown || name}${kind === 'list' ? '...' : ''}`;
  return required === true ? `<${word}>` : `[${word}]`;
}

/** What stands for a value in the help where an option does not say. */
const placeholders: Partial<Record<Option['kind'], string>> = { path: 'path', text: 'text', list: 'words' };

function commanderOption(name: string, option: Option): CommanderOption {
  const { kind, value = placeholders[kind] ?? 'n', short, shown, help, choices } = option;
  const long = `--${flagOf(name, option)}${kind === 'flag' ? '' : ` <${value}>`}`;
  const description =
    shown === undefined || option.default !== undefined ? help : `${help} (default: ${shown})`;
  const made = new CommanderOption(short === undefined ? long : `-${short}, ${long}`, description);
  if (option.required === true) made.makeOptionMandatory();
  if (kind === 'flag') return made;
  if (option.default !== undefined) made.default(option.default, shown);
  if (kind === 'list') {
    // Given several times, a list grows; the first time it takes the default's place.
    return made.argParser((text, former: unknown) => [
      ...(former === option.default ? [] : (former as string[])),
      ...(readValue(option, text) as string[]),
    ]);
  }
  return choices === undefined ? made.argParser((text) => readValue(option, text)) : made.choices(choices);
}

/** @throws InvalidArgumentError, to which commander adds the option's name */
function readValue(option: Option, text: string): unknown {
  const value = option.read(text);
  if (option.accepts(value)) return value;
  throw new InvalidArgumentError(`Expected ${option.expected}.`);
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
