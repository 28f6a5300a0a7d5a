import { bertTokenizer } from './bert.js';
import { readFolder } from './folder.js';
import { pipelineTokenizer } from './pipeline.js';
import { isBertWordPiece } from './tokenizer-json.js';
import type { Tokenizer, TokenizerDefinition } from './types.js';

/**
 * Rebuilds a tokenizer.
 * @throws InputError if its files are damaged, ask for something unsupported, or lack a special token
 *
 * @example
 * ```ts
 * import { loadTokenizer, tokenizerFromDefinition } from '@mlm/tokenize';
 *
 * const loaded = await loadTokenizer();
 * const tokenizer = tokenizerFromDefinition(structuredClone(loaded.definition())); // as in another thread
 * ```
 */
export function tokenizerFromDefinition(definition: TokenizerDefinition): Tokenizer {
  const folder = readFolder(definition.files, definition.name);
  return isBertWordPiece(folder.json)
    ? bertTokenizer(definition, folder)
    : pipelineTokenizer(definition, folder);
}
