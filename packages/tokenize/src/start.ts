/**
 * What a program needs first: to find its input, load a tokenizer and start threads. It loads quickly, unlike the whole of
 * `@mlm/tokenize`, which a program can import while the threads start.
 */
export { type InputFile, type InputFiles, listFiles } from './source/list.js';
export { type LoadTokenizerOptions, loadTokenizer } from './tokenizer/load.js';
export type { Tokenizer } from './tokenizer/types.js';
export { startThreads } from './worker/start-threads.js';
