import { mention, OptionError, say } from '../errors.js';
import { refuseIdle } from './idle.js';
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
