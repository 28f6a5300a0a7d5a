import { type MessageParts, mention, OptionError, say } from '../errors.js';
import { type Given, mapTable, type OptionTable, type Settings } from './table.js';

/**
 * Fills in the defaults and checks every value.
 * @param remembered options of the run being continued, used where none is given
 * @throws OptionError for a value that its option does not accept, and for a combination that {@link refuseIdle} refuses
 */
export function settingsOf<Table extends OptionTable>(
  table: Table,
  given: Given<Table>,
  remembered: Given<Table> = {},
): Settings<Table> {
  refuseIdle(table, given, remembered);
  return mapTable(table, (option, name) => {
    const value = given[name] ?? remembered[name] ?? option.default;
    if (value !== undefined && !option.accepts(value))
      throw new OptionError(say`${mention(name)} is ${String(value)}, expected ${option.expected}`);
    return value;
  }) as Settings<Table>;
}

/**
 * Refuses options that have no effect beside the others ({@link Described.requires}) or contradict them
 * ({@link Described.excludes}). An option at its default is never refused. What an option requires may be given at its
 * default, so that `--eval-fraction $SHARE --eval-by row` holds for a share of 0 too.
 *
 * @param given the options to check
 * @param others what they meet besides each other, where it is not at its default: options of the run being continued,
 *   or of another source
 * @throws OptionError that names both options
 */
export function refuseIdle<Table extends OptionTable>(
  table: Table,
  given: Given<Table>,
  others: Given<Table> = {},
): void {
  const all = { ...withoutDefaults(table, others), ...given };
  for (const name of Object.keys(given)) {
    const problem = problemOf(table, name, all);
    if (problem !== undefined) throw new OptionError(problem);
  }
}

/**
 * Leaves out the options that have no effect beside the others.
 * @param winners options that win over the given ones
 * @param others as in {@link refuseIdle}
 */
export function withoutIdle<Table extends OptionTable>(
  table: Table,
  given: Given<Table>,
  winners: Given<Table>,
  others: Given<Table> = {},
): Given<Table> {
  const all = { ...withoutDefaults(table, others), ...given, ...winners };
  const active = Object.entries(given).filter(([name]) => problemOf(table, name, all) === undefined);
  return Object.fromEntries(active) as Given<Table>;
}

function problemOf(
  table: OptionTable,
  name: string,
  given: Readonly<Record<string, unknown>>,
): MessageParts | undefined {
  const entry = table[name];
  if (entry === undefined || given[name] === undefined || given[name] === entry.default) return undefined;
  const { requires = [], excludes = [] } = entry;
  for (const needed of [requires].flat()) {
    const { option, value } = typeof needed === 'string' ? { option: needed } : needed;
    const isMet =
      value === undefined ? given[option] !== undefined : (given[option] ?? table[option]?.default) === value;
    if (!isMet)
      return say`${mention(name)} does nothing without ${mention(option, value)}; give both or neither`;
  }
  const other = [excludes].flat().find((option) => !isAtDefault(table, option, given[option]));
  return other === undefined
    ? undefined
    : say`${mention(name)} contradicts ${mention(other)}; give one of them`;
}

function withoutDefaults<Table extends OptionTable>(table: Table, given: Given<Table>): Given<Table> {
  const changed = Object.entries(given).filter(([name, value]) => !isAtDefault(table, name, value));
  return Object.fromEntries(changed) as Given<Table>;
}

function isAtDefault(table: OptionTable, name: string, value: unknown): boolean {
  return value === undefined || value === table[name]?.default;
}
