import { defaultsOf, type Option, type OptionTable, refuseIdle, withoutIdle } from '@mlm/base/options';
import { type Command, Option as CommanderOption } from 'commander';
import { UsageError } from '../errors.js';
import { argumentsFromFile, optionsFromFile } from './config.js';
import { flagOf } from './flags.js';
import { recipeSettings } from './recipes.js';

/** What is known of a command before it runs. */
interface Definition {
  readonly name: string;
  readonly arguments: OptionTable;
  resumedOptions?(asked: object, env: NodeJS.ProcessEnv): Promise<Readonly<Record<string, unknown>>>;
}

interface GatheredSettings {
  settings: Record<string, unknown>;
  /** Those of the settings that are neither defaults nor the continued run's. */
  given: Record<string, unknown>;
}

/**
 * A command's settings. The command line wins over the configuration file, that over the run being continued, that over
 * the recipe, and that over the defaults.
 *
 * Options that do nothing beside the others are refused, whoever gave them; but what a configuration file says may lie
 * idle because the command line chose otherwise.
 *
 * @throws UsageError for a missing argument; OptionError for options that do nothing beside the others
 */
export async function gatherSettings(
  definition: Definition,
  table: OptionTable,
  command: Command,
  env: NodeJS.ProcessEnv,
): Promise<GatheredSettings> {
  const words = assignArguments(definition.arguments, command.args, argumentsFromFile(command));
  const isTyped = (attribute: string) => command.getOptionValueSource(attribute) === 'cli';
  const typed = byName(table, (attribute) =>
    isTyped(attribute) ? command.getOptionValue(attribute) : undefined,
  );
  const fromFile = optionsFromFile(command);
  const filed = byName(table, (attribute) => fromFile[attribute]);
  const { recipe, resume } = { ...filed, ...typed };
  const chosen = recipeSettings(definition.name, recipe);
  const defaults = { ...defaultsOf(definition.arguments), ...defaultsOf(table), ...chosen };
  const asked = { ...defaults, ...filed, ...typed, ...words };
  const resumed = (resume === true && (await definition.resumedOptions?.(asked, env))) || {};
  const others = { ...defaults, ...resumed };
  refuseIdle(table, filed, { ...others, ...typed });
  refuseIdle(table, typed, { ...others, ...filed });
  const isNew = ([name]: [string, unknown]) => !Object.hasOwn(resumed, name);
  const given = {
    ...Object.fromEntries(Object.entries(chosen).filter(isNew)),
    ...withoutIdle(table, filed, typed, others),
    ...typed,
    ...words,
  };
  return { settings: { ...others, ...given }, given };
}

/** Values that commander has by its own names, by the names of the table. */
function byName(table: OptionTable, get: (attribute: string) => unknown): Record<string, unknown> {
  const entries = Object.entries(table).flatMap(([name, option]) => {
    if (option.flag === false) return [];
    const value = get(new CommanderOption(`--${flagOf(name, option)}`).attributeName());
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * Gives the words of a command line to the arguments of a command, by their order. A list takes what the others leave.
 * What a configuration file brings may be left out of the command line, and is replaced where it is not.
 * @throws UsageError for an argument that neither brings
 */
function assignArguments(
  table: OptionTable,
  words: readonly string[],
  fromFile: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const names = Object.keys(table);
  const missingInFile = names.filter((name) => fromFile[name] === undefined);
  const isList = (name: string) => table[name]!.kind === 'list';
  const open = missingInFile.some(isList) || missingInFile.length >= words.length ? missingInFile : names;
  const values: Record<string, unknown> = { ...fromFile };
  const left = [...words];
  for (const [index, name] of open.entries()) {
    const after = open.slice(index + 1).filter((other) => !isList(other)).length;
    const taken = isList(name) ? left.splice(0, Math.max(0, left.length - after)) : left.splice(0, 1);
    if (taken.length > 0) values[name] = isList(name) ? taken : taken[0];
  }
  for (const [name, option] of Object.entries(table))
    if (option.required === true && isEmpty(values[name], option))
      throw new UsageError(`missing required argument '${name}'`);
  return values;
}

function isEmpty(value: unknown, { kind }: Option): boolean {
  return value === undefined || (kind === 'list' && (value as readonly string[]).length === 0);
}
