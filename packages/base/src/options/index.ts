// Tables of options

export { nearest } from './nearest.js';
export { refuseIdle, settingsOf, withoutIdle } from './settings.js';
export {
  deciding,
  defaultsOf,
  type Given,
  kebabCase,
  type OptionTable,
  options,
  optionsOf,
  refuseUnknown,
  type Settings,
} from './table.js';

// Kinds of options

export {
  bytes,
  choice,
  type Described,
  flag,
  list,
  type Option,
  path,
  type Requirement,
  real,
  required,
  shareOrWhole,
  text,
  whole,
  wholeOrAuto,
  wholeOrSlurmArray,
} from './kinds.js';
