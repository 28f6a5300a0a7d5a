import { decodePieces } from '../decoder/wordpiece.js';
import type { PreparedEncoder } from '../encoder/image.js';
import { ReferenceEncoder } from '../encoder/reference.js';
import { encoderModule, isFast, prepareEncoder, WordPieceEncoder } from '../encoder/wordpiece.js';
import { pipelineTokenizer } from './pipeline.js';
import {
  type AnyTokenizerJson,
  isBertWordPiece,
  parseTokenizerJson,
  wordPieceModel,
} from './tokenizer-json.js';
import type { Encoder, EncoderSource, Tokenizer, TokenizerDefinition, WordPieceModel } from './types.js';
import {
  allTokens,
  findProtectedIds,
  findSpecialIds,
  sha256,
  tokenAt,
  vocabularyText,
} from './vocabulary.js';
import {
  bertConfig,
  completeFiles,
  parseConfig,
  type TokenizerConfig,
  vocabularyModel,
} from './vocabulary-files.js';

/** Rebuilds a tokenizer. */
export function tokenizerFromDefinition(definition: TokenizerDefinition): Tokenizer {
  const { name, files } = definition;
  const config = parseConfig(files['tokenizer_config.json'], name);
  const text = files['tokenizer.json'];
  const json = text === undefined ? undefined : parseTokenizerJson<AnyTokenizerJson>(text, name);
  if (json !== undefined && !isBertWordPiece(json)) return pipelineTokenizer(definition, json, config);
  const model = json ? wordPieceModel(json) : vocabularyModel(files['vocab.txt'] ?? '', config, name);
  const decoder = json?.decoder;
  const tokens = allTokens(model);
  const specialIds = findSpecialIds(tokens, config, name, model.unkToken);
  let checksum: string | undefined;
  let complete: Record<string, string> | undefined;
  let prepared: PreparedEncoder | undefined;
  return {
    name,
    get sha256() {
      checksum ??= sha256(vocabularyText(model.tokens));
      return checksum;
    },
    vocabularySize: tokens.length,
    specialIds,
    protectedIds: findProtectedIds(specialIds, model.addedTokens),
    get files() {
      complete ??= {
        'vocab.txt': vocabularyText(model.tokens),
        'tokenizer_config.json': bertConfig(modelConfig(model, config)),
        ...completeFiles(files, name),
      };
      return complete;
    },
    encoder: () =>
      isFast(model) ? WordPieceEncoder.of(model, encoderModule()) : new ReferenceEncoder(model),
    encoderSource() {
      if (!isFast(model)) return { definition };
      prepared ??= prepareEncoder(model, encoderModule());
      return { prepared };
    },
    idToToken: (id) => tokenAt(tokens, id),
    decode: (ids) =>
      decodePieces(
        Array.from(ids, (id) => tokenAt(tokens, id)),
        decoder?.prefix ?? model.continuingSubwordPrefix,
        decoder?.cleanup ?? true,
      ),
    definition: () => definition,
  };
}

/** An encoder of the tokenizer whose `encoderSource` this is, in any thread. */
export function encoderFrom(source: EncoderSource): Encoder {
  if ('prepared' in source) return WordPieceEncoder.from(source.prepared);
  return tokenizerFromDefinition(source.definition).encoder();
}

function modelConfig(model: WordPieceModel, config: TokenizerConfig): TokenizerConfig {
  return {
    ...config,
    do_lower_case: model.lowercase,
    tokenize_chinese_chars: model.handleChineseChars,
    strip_accents: model.stripAccents === model.lowercase ? null : model.stripAccents,
  };
}
