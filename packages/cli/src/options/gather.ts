import { defaultsOf, type OptionTable, refuseIdle, withoutIdle } from '@mlm/base/options';
import { type Command, Option as CommanderOption } from 'commander';
import { assignArguments } from './arguments.js';
import { argumentsFromFile, optionsFromFile } from './config.js';
import { flagOf } from './flags.js';
import { recipeSettings } from './recipes.js';

/** What is known of a command before it runs. */
interface Definition {
  readonly name: string;
  readonly arguments: OptionTable;
  resumedOptions?(asked: object): Promise<Readonly<Record<string, unknown>>>;
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
  const defaults = { ...defaultsOf(table), ...chosen };
  const asked = { ...defaults, ...filed, ...typed, ...words };
  const resumed = (resume === true && (await definition.resumedOptions?.(asked))) || {};
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
