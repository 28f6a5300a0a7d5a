// Tables of options

export {
  deciding,
  defaultsOf,
  type Given,
  kebabCase,
  type OptionTable,
  options,
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
