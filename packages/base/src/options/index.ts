// Tables of options

export { nearest } from './nearest.js';
export {
  deciding,
  defaultsOf,
  type Given,
  kebabCase,
  type OptionTable,
  options,
  refuseIdle,
  refuseUnknown,
  type Settings,
  settingsOf,
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
  real,
  required,
  text,
  whole,
  wholeOrAuto,
  wholeOrSlurmArray,
} from './kinds.js';
