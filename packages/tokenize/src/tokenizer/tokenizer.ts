import { createHash } from 'node:crypto';
import { InputError } from '@mlm/arrow/columns';
import { decodePieces } from './decode.js';
import { encoderModule, isFast, WordPieceEncoder } from './encoder.js';
import { ReferenceEncoder } from './reference.js';
import { isBertWordPiece, parseTokenizerJson, type TokenizerJson, wordPieceModel } from './tokenizer-json.js';
import type { SpecialIds, Tokenizer, TokenizerDefinition, WordPieceModel } from './types.js';
import {
  bertConfig,
  completeFiles,
  parseConfig,
  SPECIAL_TOKENS,
  type SpecialRole,
  specialToken,
  type TokenizerConfig,
  vocabularyModel,
} from './vocabulary-files.js';

/** Rebuilds a tokenizer, for instance in a worker thread. */
export function tokenizerFromDefinition(definition: TokenizerDefinition): Tokenizer {
  const { name, files } = definition;
  const config = parseConfig(files['tokenizer_config.json'], name);
  const { model, decoder } = readModel(files, config, name);
  const tokens = allTokens(model);
  const specialIds = findSpecialIds(model, tokens, config, name);
  const protectedIds = new Set(Object.values(specialIds));
  for (const token of model.addedTokens) if (token.special) protectedIds.add(token.id);
  const module = () => (definition.module as WebAssembly.Module | undefined) ?? encoderModule();
  const vocabulary = vocabularyText(model.tokens);
  let complete: Record<string, string> | undefined;
  return {
    name,
    sha256: createHash('sha256').update(vocabulary).digest('hex'),
    vocabularySize: tokens.length,
    specialIds,
    protectedIds: [...protectedIds].sort((a, b) => a - b),
    get files() {
      complete ??= {
        'vocab.txt': vocabulary,
        'tokenizer_config.json': bertConfig(modelConfig(model, config)),
        ...completeFiles(files, name),
      };
      return complete;
    },
    encoder: () => (isFast(model) ? new WordPieceEncoder(model, module()) : new ReferenceEncoder(model)),
    idToToken: (id) => tokenAt(tokens, id),
    decode: (ids) =>
      decodePieces(
        Array.from(ids, (id) => tokenAt(tokens, id)),
        decoder?.prefix ?? model.continuingSubwordPrefix,
        decoder?.cleanup ?? true,
      ),
    definition: () => ({ ...definition, module: module() }),
  };
}

/** The model of a tokenizer.json, or else of a vocab.txt. */
function readModel(
  files: Readonly<Record<string, string>>,
  config: TokenizerConfig,
  name: string,
): { model: WordPieceModel; decoder?: TokenizerJson['decoder'] } {
  const text = files['tokenizer.json'];
  if (text === undefined) return { model: vocabularyModel(files['vocab.txt'] ?? '', config, name) };
  const json = parseTokenizerJson(text, name);
  if (!isBertWordPiece(json)) {
    throw new InputError(`${name}: its model is ${json.model.type}, not BERT's WordPiece`);
  }
  return { model: wordPieceModel(json), decoder: json.decoder };
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
  const find = (role: SpecialRole): number => {
    const token = role === 'unk' ? model.unkToken : specialToken(role, config, (t) => tokens.includes(t));
    const id = tokens.lastIndexOf(token);
    if (id < 0) {
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
