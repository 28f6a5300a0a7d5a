// The entry point `@mlm/tokenize/vocabulary`: what a tokenizer's files say of their tokens, without a tokenizer.

import { InputError } from '@mlm/base/errors';
import { addedToken, parseTokenizerJson, vocabularyTokens } from './tokenizer-json.js';
import { allTokens, parseVocabulary, sha256, type Tokens, vocabularyText } from './vocabulary.js';

/**
 * SHA-256 of the vocabularies that a tokenizer's files hold, by file, as {@link Tokenizer.sha256} gives it: one token a
 * line in the order of ids. A file that cannot be read as a vocabulary is left out.
 */
export function vocabularyHashes(files: Readonly<Record<string, string>>): Map<string, string> {
  const found: [string, Tokens | undefined][] = [
    ['tokenizer.json', jsonOf(files)?.tokens],
    ['vocab.txt', linesOf(files)],
  ];
  return new Map(found.flatMap(([name, tokens]) => (tokens ? [[name, sha256(vocabularyText(tokens))]] : [])));
}

/** The text of each id, the added tokens included; undefined where the files do not tell. */
export function readTokens(files: Readonly<Record<string, string>>): Tokens | undefined {
  const json = jsonOf(files);
  return json ? allTokens(json) : linesOf(files);
}

function jsonOf({ 'tokenizer.json': text }: Readonly<Record<string, string>>) {
  if (text === undefined) return undefined;
  try {
    const { model, added_tokens } = parseTokenizerJson(text, 'tokenizer.json');
    return { tokens: vocabularyTokens(model), addedTokens: (added_tokens ?? []).map(addedToken) };
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function linesOf({ 'vocab.txt': text }: Readonly<Record<string, string>>): Tokens | undefined {
  return text === undefined ? undefined : parseVocabulary(text);
}
