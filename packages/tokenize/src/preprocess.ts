/** The part of this package that turns files into a dataset. `mlm preprocess` loads nothing else, for a quick start. */

export {
  type PreprocessOptions,
  type PreprocessReport,
  preprocess,
} from './preprocess/preprocess.js';
export { partPath, type Share, shareOf, shareVariables } from './preprocess/share.js';
export { type InputFiles, listFiles } from './source/list.js';
export { withoutSecrets } from './stores/store.js';
export { loadTokenizer } from './tokenizer/load.js';
export type { Tokenizer } from './tokenizer/types.js';
