import { readFile } from 'node:fs/promises';
import { nearest, type Option, type OptionTable } from '@mlm/base/options';
import type { Command, Option as CommanderOption } from 'commander';
import { UsageError } from '../errors.js';

/**
 * Applies `--config file.json`: an object whose keys are the command's arguments and its long options without dashes.
 * The command line overrides the file. Values are parsed and checked as on the command line.
 * @throws UsageError for a file that is not a JSON or YAML object, an unknown name (suggesting the nearest one) or a
 * wrong value
 */
export async function applyConfig(command: Command): Promise<void> {
  const file: unknown = command.getOptionValue('config');
  if (typeof file !== 'string') return;
  const required = command.options.filter((option) => requiredOnceApplied.has(option));
  const settings = await readSettings(file);
  const table = argumentTables.get(command) ?? {};
  for (const [name, value] of Object.entries(settings)) {
    const argument = Object.hasOwn(table, name) ? table[name] : undefined;
    if (argument !== undefined) {
      broughtArguments.set(command, {
        ...argumentsFromFile(command),
        [name]: argumentValue(argument, name, value, file),
      });
      continue;
    }
    const option = findOption(command, name, file);
    const attribute = option.attributeName();
    const read = optionValue(option, value, file);
    broughtOptions.set(command, { ...optionsFromFile(command), [attribute]: read });
    if (command.getOptionValueSource(attribute) === 'cli') continue;
    command.setOptionValueWithSource(attribute, read, 'config');
  }
  const missing = required.find((option) => command.getOptionValue(option.attributeName()) === undefined);
  if (missing)
    throw new UsageError(
      `required option '${missing.flags}' not specified, neither on the command line nor in ${file}`,
    );
}

/** Arguments of commands, which a configuration file may set like options. */
export const argumentTables = new WeakMap<Command, OptionTable>();

const broughtArguments = new WeakMap<Command, Readonly<Record<string, unknown>>>();

/** The arguments that a configuration file set. */
export function argumentsFromFile(command: Command): Readonly<Record<string, unknown>> {
  return broughtArguments.get(command) ?? {};
}

const broughtOptions = new WeakMap<Command, Readonly<Record<string, unknown>>>();

/** The options that a configuration file brought by commander's names, those that the command line overrode included. */
export function optionsFromFile(command: Command): Readonly<Record<string, unknown>> {
  return broughtOptions.get(command) ?? {};
}

/** Required options of command lines with `--config`, which the file may set. */
const requiredOnceApplied = new WeakSet<CommanderOption>();

/** Adds `--config`. If it is used, required options and arguments are checked only after the file is read. */
export function addConfigOption(command: Command): Command {
  return command
    .option(
      '--config <file>',
      'a JSON or YAML file of options and arguments, such as {"seed": 7}; the command line overrides it',
    )
    .on('option:config', () => {
      for (const option of command.options.filter(({ mandatory }) => mandatory)) {
        option.makeOptionMandatory(false);
        requiredOnceApplied.add(option);
      }
      for (const argument of command.registeredArguments) argument.required = false;
    });
}

async function readSettings(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`--config ${file}: cannot be read (${error.message.split(',')[0]})`);
  });
  const isYaml = /\.ya?ml$/i.test(file);
  let settings: unknown;
  try {
    settings = isYaml ? (await import('yaml')).parse(text) : JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0]!.replace(/[:.]$/, '');
    throw new UsageError(`--config ${file}: not valid ${isYaml ? 'YAML' : 'JSON'}: ${reason}`);
  }
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    const expected = isYaml ? 'names and values, such as seed: 7' : 'one object, such as {"seed": 7}';
    throw new UsageError(`--config ${file}: expected ${expected}`);
  }
  return settings as Record<string, unknown>;
}

function findOption(command: Command, name: string, file: string): CommanderOption {
  const options = command.options.filter((option) => option.name() !== 'config');
  const found = options.find((option) => option.name() === name);
  if (found !== undefined) return found;
  const names = [
    ...Object.keys(argumentTables.get(command) ?? {}),
    ...options.map((option) => option.name()),
  ];
  const close = nearest(name.replaceAll('_', '-').replace(/^-+/, ''), names);
  const hint =
    close === undefined ? `see \`mlm ${command.name()} --help\` for its names` : `did you mean "${close}"?`;
  throw new UsageError(`--config ${file}: unknown name "${name}"; ${hint}`);
}

function argumentValue(argument: Option, name: string, value: unknown, file: string): unknown {
  const given = argument.kind === 'list' && typeof value === 'string' ? [value] : value;
  if (argument.accepts(given)) return given;
  throw new UsageError(`--config ${file}: "${name}": Expected ${argument.expected}.`);
}

function optionValue(option: CommanderOption, value: unknown, file: string): unknown {
  if (option.isBoolean() || option.negate) {
    if (typeof value !== 'boolean')
      throw new UsageError(`--config ${file}: "${option.name()}" expects true or false.`);
    return value;
  }
  if (option.variadic) {
    const list: unknown[] = Array.isArray(value) ? value : [value];
    return list.map((item) => readText(option, item, file));
  }
  return readText(option, value, file);
}

function readText(option: CommanderOption, value: unknown, file: string): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new UsageError(`--config ${file}: "${option.name()}" expects a text or a number.`);
  }
  const text = String(value);
  if (option.parseArg === undefined) return text;
  try {
    return option.parseArg(text, undefined);
  } catch (error) {
    throw new UsageError(`--config ${file}: "${option.name()}": ${(error as Error).message}`);
  }
}
