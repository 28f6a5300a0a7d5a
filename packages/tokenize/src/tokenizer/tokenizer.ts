import { createHash } from 'node:crypto';
import { InputError } from '@mlm/arrow';
import { decodePieces } from './decode.js';
import { encoderModule, isFast, WordPieceEncoder } from './encoder.js';
import { ReferenceEncoder } from './reference.js';
import { isBertWordPiece, parseTokenizerJson, wordPieceModel } from './tokenizer-json.js';
import type { SpecialIds, Tokenizer, TokenizerDefinition, WordPieceModel } from './types.js';
import {
  bertConfig,
  parseConfig,
  SPECIAL_TOKENS,
  type SpecialRole,
  specialToken,
  type TokenizerConfig,
} from './vocabulary-files.js';

/** Rebuilds a tokenizer, for instance in a worker thread. */
export function tokenizerFromDefinition(definition: TokenizerDefinition): Tokenizer {
  const { name, files } = definition;
  const json = parseTokenizerJson(files['tokenizer.json'] ?? '', name);
  if (!isBertWordPiece(json)) {
    throw new InputError(`${name}: its model is ${json.model.type}, not BERT's WordPiece`);
  }
  const model = wordPieceModel(json);
  const config = parseConfig(files['tokenizer_config.json'], name);
  const tokens = allTokens(model);
  const specialIds = findSpecialIds(model, tokens, config, name);
  const protectedIds = new Set(Object.values(specialIds));
  for (const token of model.addedTokens) if (token.special) protectedIds.add(token.id);
  const module = () => (definition.module as WebAssembly.Module | undefined) ?? encoderModule();
  const vocabulary = vocabularyText(model.tokens);
  return {
    name,
    sha256: createHash('sha256').update(vocabulary).digest('hex'),
    vocabularySize: tokens.length,
    specialIds,
    protectedIds: [...protectedIds].sort((a, b) => a - b),
    files: {
      'vocab.txt': vocabulary,
      'tokenizer_config.json': bertConfig(modelConfig(model, config)),
      ...files,
    },
    encoder: () => (isFast(model) ? new WordPieceEncoder(model, module()) : new ReferenceEncoder(model)),
    idToToken: (id) => tokenAt(tokens, id),
    decode: (ids) =>
      decodePieces(
        Array.from(ids, (id) => tokenAt(tokens, id)),
        json.decoder?.prefix ?? model.continuingSubwordPrefix,
        json.decoder?.cleanup ?? true,
      ),
    definition: () => ({ ...definition, module: module() }),
  };
}

/** Tokens by id, the added ones included. */
function allTokens(model: WordPieceModel): (string | undefined)[] {
  const tokens = [...model.tokens];
  for (const token of model.addedTokens) tokens[token.id] = token.content;
  return tokens;
}

function tokenAt(tokens: readonly (string | undefined)[], id: number): string {
  const token = tokens[id];
  if (token === undefined) throw new RangeError(`no token has the id ${id}`);
  return token;
}

/** One token a line; an id that no token has keeps its line. */
function vocabularyText(tokens: readonly (string | undefined)[]): string {
  return Array.from(tokens, (token, id) => `${token ?? `[no token ${id}]`}\n`).join('');
}

function findSpecialIds(
  model: WordPieceModel,
  tokens: readonly (string | undefined)[],
  config: TokenizerConfig,
  name: string,
): SpecialIds {
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) if (token !== undefined) ids.set(token, id);
  const find = (role: SpecialRole): number => {
    const token = role === 'unk' ? model.unkToken : specialToken(role, config, (t) => ids.has(t));
    const id = ids.get(token);
    if (id === undefined) {
      const what = SPECIAL_TOKENS[role].key;
      throw new InputError(
        `${name}: the vocabulary has no ${token} (${what}), which masked-language-model training needs`,
      );
    }
    return id;
  };
  return { cls: find('cls'), sep: find('sep'), pad: find('pad'), unk: find('unk'), mask: find('mask') };
}

function modelConfig(model: WordPieceModel, config: TokenizerConfig): TokenizerConfig {
  return {
    ...config,
    do_lower_case: model.lowercase,
    tokenize_chinese_chars: model.handleChineseChars,
    strip_accents: model.stripAccents === model.lowercase ? null : model.stripAccents,
  };
}
