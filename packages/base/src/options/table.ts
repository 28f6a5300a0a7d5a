import { OptionError } from '../errors.js';
import type { Option } from './kinds.js';
import { nearest } from './nearest.js';

/** Options by name. */
export type OptionTable = Readonly<Record<string, Option>>;

/** The values of a table's options, with defaults filled in. */
export type Settings<Table extends OptionTable> = {
  -readonly [Name in keyof Table]: undefined extends Table[Name]['default']
    ? ReturnType<Table[Name]['read']> | undefined
    : ReturnType<Table[Name]['read']>;
};

/** The options that a caller may give: any of a table's, or `undefined` for the default. */
export type Given<Table extends OptionTable> = {
  -readonly [Name in keyof Table]?: Settings<Table>[Name] | undefined;
};

/**
 * Checks an option table's type without widening it.
 *
 * Everything about an option is read from its entry: the type of the settings, defaults, checks, the help, the flag,
 * the key in a configuration file, shell completion, and what a resumed run must share with the one that began.
 */
export function options<const Table extends OptionTable>(table: Table): Table {
  return table;
}

/** The defaults of a table's options; `undefined` for options without one. */
export function defaultsOf<Table extends OptionTable>(table: Table): Settings<Table> {
  return mapTable(table, (option) => option.default) as Settings<Table>;
}

/** The values that belong to a table's options; those left undefined count as not given. */
export function optionsOf<Table extends OptionTable>(table: Table, given: Given<Table>): Given<Table> {
  const values = Object.entries(given).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(table, name),
  );
  return Object.fromEntries(values) as Given<Table>;
}

/**
 * Refuses an option name that a function does not know, which plain JavaScript lets pass. A name whose value is
 * `undefined` counts as not given.
 * @param known all names that the function takes: its tables' options, and `true` for each of the others
 * @throws OptionError for an unknown name, with the nearest known one
 */
export function refuseUnknown<Options extends object>(
  given: Options,
  known: { readonly [Name in keyof Options]-?: unknown },
): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || Object.hasOwn(known, name)) continue;
    const close = nearest(name, Object.keys(known));
    throw new OptionError(
      `unknown option ${name}; ${close === undefined ? `expected one of ${Object.keys(known).join(', ')}` : `did you mean ${close}?`}`,
    );
  }
}

/** The values of the options that decide a run's outcome, which a resumed run is compared by. */
export function deciding<Table extends OptionTable>(
  table: Table,
  settings: Settings<Table>,
): Record<string, Settings<Table>[keyof Table]> {
  const entries = Object.entries(table).flatMap(([name, { decides = true }]) => {
    if (decides === false || typeof decides === 'object') return [];
    return [[decides === true ? kebabCase(name) : decides, settings[name as keyof Table]] as const];
  });
  return Object.fromEntries(entries);
}

/** Converts `learningRate` and `learning_rate` to `learning-rate`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll('_', '-');
}

/** An object with a value for each option. */
export function mapTable<Table extends OptionTable>(
  table: Table,
  value: (option: Option, name: keyof Table & string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([name, option]) => [name, value(option, name)]));
}
