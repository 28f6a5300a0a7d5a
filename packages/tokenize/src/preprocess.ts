/**
 * The part of this package that makes a dataset of files: what `mlm preprocess` loads, which a short text does not wait
 * for the rest of.
 */

export {
  type PreprocessOptions,
  type PreprocessReport,
  preprocess,
} from './preprocess/preprocess.js';
export { partPath, type Share, shareOf, shareVariables } from './preprocess/share.js';
export { type InputFiles, listFiles } from './source/list.js';
export { loadTokenizer } from './tokenizer/load.js';
export type { Tokenizer } from './tokenizer/types.js';
