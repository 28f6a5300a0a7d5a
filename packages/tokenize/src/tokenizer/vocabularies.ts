// The entry point `@mlm/tokenize/vocabulary`: reads the tokens of a tokenizer's files without loading a tokenizer.

import { InputError } from '@mlm/base/errors';
import { parseTokenizerJson, vocabularyTokens } from './tokenizer-json.js';
import { parseVocabulary, sha256, type Tokens, vocabularyText } from './vocabulary.js';

/**
 * SHA-256 of the vocabularies in a tokenizer's files, by file, computed like {@link Tokenizer.sha256}. Files that
 * cannot be read as a vocabulary are left out.
 */
export function vocabularyHashes(files: Readonly<Record<string, string>>): Map<string, string> {
  const found: [string, Tokens | undefined][] = [
    ['tokenizer.json', jsonOf(files)],
    ['vocab.txt', linesOf(files)],
  ];
  return new Map(found.flatMap(([name, tokens]) => (tokens ? [[name, sha256(vocabularyText(tokens))]] : [])));
}

/** The text of each id, but for added tokens; undefined where the files do not tell. */
export function tokensOf(files: Readonly<Record<string, string>>): Tokens | undefined {
  return jsonOf(files) ?? linesOf(files);
}

function jsonOf({ 'tokenizer.json': text }: Readonly<Record<string, string>>): Tokens | undefined {
  if (text === undefined) return undefined;
  try {
    return vocabularyTokens(parseTokenizerJson(text, 'tokenizer.json').model);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function linesOf({ 'vocab.txt': text }: Readonly<Record<string, string>>): Tokens | undefined {
  return text === undefined ? undefined : parseVocabulary(text);
}
