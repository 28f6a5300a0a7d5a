// Tables of options

export { refuseIdle, withoutIdle } from './idle.js';
export { nearest } from './nearest.js';
export { settingsOf } from './settings.js';
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
  text,
  whole,
  wholeOrAuto,
  wholeOrSlurmArray,
} from './kinds.js';
