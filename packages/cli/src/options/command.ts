import type { Given, OptionTable, Settings } from '@mlm/base/options';
import { choice, flag, type Option, options as optionTable } from '@mlm/base/options';
import { Argument, Command, Option as CommanderOption, InvalidArgumentError } from 'commander';
import type { Context } from '../context.js';
import { addConfigOption, argumentTables } from './config.js';
import { flagOf } from './flags.js';
import { gatherSettings } from './gather.js';

/** An example of a command line, and its purpose. */
export type Example = readonly [commandLine: string, meaning?: string];

/**
 * A command as one object: flags, help, completion, the keys of a configuration file and the type of its settings are
 * derived from it.
 */
export interface CommandDefinition<
  Arguments extends OptionTable = OptionTable,
  Options extends OptionTable = OptionTable,
> {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly Example[];
  /** Positional arguments, in this order; at most one list. */
  readonly arguments: Arguments;
  readonly options: Options;
  /** The options and arguments of the run that `resume` continues, used where none is given. */
  resumedOptions?(
    settings: Settings<Arguments> & Settings<Options>,
    env: NodeJS.ProcessEnv,
  ): Promise<Given<Arguments> & Given<Options>>;
  /** Begins what takes as long as loading the implementation, which follows. */
  prepare?(settings: Settings<Arguments> & Settings<Options>, env: NodeJS.ProcessEnv): Promise<void>;
}

/** The settings that a command receives: its arguments and options, with defaults filled in. */
export type CommandSettings<Definition extends CommandDefinition> = Settings<Definition['arguments']> &
  Settings<Definition['options']> &
  Settings<typeof sharedOptions>;

/** How a command was called. */
export interface Invocation<Definition extends CommandDefinition> {
  /** What the command line, a configuration file or a recipe said: the settings without the defaults. */
  readonly given: Partial<CommandSettings<Definition>>;
  readonly command: Command;
}

/** The implementation of a command. */
type Run<Definition extends CommandDefinition> = (
  context: Context,
  settings: CommandSettings<Definition>,
  invocation: Invocation<Definition>,
) => Promise<void> | void;

/** Options that every command has. */
const sharedOptions = optionTable({
  quiet: flag({ short: 'q', help: 'show neither progress nor summary' }),
  progress: choice(['auto', 'json'], {
    default: 'auto',
    value: 'how',
    help: 'json: one JSON object per line on standard error, every second',
  }),
  debug: flag({ help: 'show stack traces and details of what happens' }),
});

/** Creates a command for the program. */
export type CommandMaker = (context: Context) => Command;

/** Checks the type of a definition without widening it. */
export function defineCommand<Arguments extends OptionTable, Options extends OptionTable>(
  definition: CommandDefinition<Arguments, Options>,
): CommandDefinition<Arguments, Options> {
  return definition;
}

/**
 * Turns a definition into a commander command.
 * @param load imports the implementation when the command runs, so that `mlm --help` stays quick
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
      const gathered = await gatherSettings(definition, table, command, context.env);
      const settings = gathered.settings as CommandSettings<Definition>;
      const given = gathered.given as Invocation<Definition>['given'];
      await definition.prepare?.(settings, context.env);
      const run = await load();
      await run(context, settings, { given, command });
    });
  };
}

/**
 * Commander supports a list only as the last argument. For a list before other arguments, all words are one list, and
 * the usage line is written here.
 */
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

/** Placeholders of values in the help, for options without their own. */
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
    // A list grows when given several times; the first time, it replaces the default.
    return made.argParser((text, former: unknown) => [
      ...(former === option.default ? [] : (former as string[])),
      ...(readValue(option, text) as string[]),
    ]);
  }
  return choices === undefined ? made.argParser((text) => readValue(option, text)) : made.choices(choices);
}

/** Parses a value. @throws InvalidArgumentError, to which commander adds the option's name */
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
