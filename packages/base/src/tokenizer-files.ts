import { InputError } from './errors.js';

/**
 * The files that make up a tokenizer, in a checkpoint and in a dataset's metadata; no other names are read from such a
 * folder or written to it.
 */
export const tokenizerFileNames = [
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
] as const;

/**
 * Checks the names of a tokenizer's files in metadata, so that no dataset can choose a path to write to.
 *
 * @param files - content by file name
 * @param source - where they came from, for the message
 * @throws InputError for any other name, or for content that is not text
 *
 * @example
 * ```ts
 * import { checkTokenizerFiles } from '@mlm/base';
 *
 * checkTokenizerFiles({ '../../.profile': '' }, 'out.arrow'); // throws
 * ```
 */
export function checkTokenizerFiles(files: unknown, source: string): Record<string, string> {
  if (typeof files !== 'object' || files === null || Array.isArray(files))
    throw new InputError(`${source}: its tokenizer's files are not an object with a text for each name`);
  for (const [name, text] of Object.entries(files)) {
    if (!(tokenizerFileNames as readonly string[]).includes(name)) {
      throw new InputError(
        `${source}: its tokenizer has a file ${JSON.stringify(name)}, expected one of ${tokenizerFileNames.join(', ')}`,
      );
    }
    if (typeof text !== 'string') throw new InputError(`${source}: the tokenizer's file ${name} is not text`);
  }
  return files as Record<string, string>;
}
