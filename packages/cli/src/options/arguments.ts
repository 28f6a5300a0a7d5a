import type { Option, OptionTable } from '@mlm/base/options';
import { UsageError } from '../errors.js';

/**
 * Gives the words of a command line to the arguments of a command, by their order. A list takes what the others leave.
 * What a configuration file brings may be left out of the command line, and is replaced where it is not.
 * @throws UsageError for an argument that neither brings
 */
export function assignArguments(
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
  for (const [name, option] of Object.entries(table)) {
    values[name] ??= option.default ?? (option.kind === 'list' ? [] : undefined);
    if (option.required === true && isEmpty(values[name], option)) {
      throw new UsageError(`missing required argument '${name}'`);
    }
  }
  return values;
}

function isEmpty(value: unknown, { kind }: Option): boolean {
  return kind === 'list' ? (value as readonly string[]).length === 0 : value === undefined;
}
