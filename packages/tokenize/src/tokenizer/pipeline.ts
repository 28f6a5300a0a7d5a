import { InputError } from '@mlm/base/errors';
import { PipelineEncoder } from '../encoder/pipeline.js';
import { library, pipelineModel } from '../model/model.js';
import { normalizer, startKeeper } from '../normalizer/normalizer.js';
import { dependsOnStart, preTokenizer } from '../pre-tokenizer/pre-tokenizer.js';
import { type AnyTokenizerJson, addedToken } from './tokenizer-json.js';
import type { Tokenizer, TokenizerDefinition } from './types.js';
import {
  allTokens,
  findProtectedIds,
  findSpecialIds,
  sha256,
  tokenAt,
  vocabularyText,
} from './vocabulary.js';
import type { TokenizerConfig } from './vocabulary-files.js';

/**
 * The tokenizer of a tokenizer.json whose model is byte-level BPE or Unigram.
 * @throws InputError when a stage of it would not surely give the ids of Rust tokenizers, or a special token is missing
 */
export function pipelineTokenizer(
  definition: TokenizerDefinition,
  json: AnyTokenizerJson,
  config: TokenizerConfig,
): Tokenizer {
  const { name, files } = definition;
  const addedTokens = (json.added_tokens ?? []).map(addedToken);
  const model = pipelineModel(json, name);
  const normalize = normalizer(json.normalizer, name);
  checkPrefixSpace(json.pre_tokenizer, config, name);
  const splitWords = preTokenizer(json.pre_tokenizer, name);
  const keepsStart = dependsOnStart(json.pre_tokenizer) ? startKeeper(json.normalizer, name) : () => true;
  const tokens = allTokens({ tokens: model.tokens, addedTokens });
  const specialIds = findSpecialIds(tokens, config, name, model.unkToken);
  let decodeTokens: ((ids: number[]) => string) | undefined;
  return {
    name,
    sha256: sha256(vocabularyText(model.tokens)),
    vocabularySize: tokens.length,
    specialIds,
    protectedIds: findProtectedIds(specialIds, addedTokens),
    files,
    encoder: () => new PipelineEncoder({ addedTokens, normalize, keepsStart, splitWords, model }),
    idToToken: (id) => tokenAt(tokens, id),
    decode(ids) {
      const list = Array.from(ids);
      for (const id of list) tokenAt(tokens, id);
      if (list.length === 0) return '';
      decodeTokens ??= decoder(json, config);
      return decodeTokens(list);
    },
    encoderSource: () => ({ definition }),
    definition: () => definition,
  };
}

/** `transformers` lets tokenizer_config.json overrule the pre-tokenizer, and not alike in each version. */
function checkPrefixSpace(
  json: AnyTokenizerJson['pre_tokenizer'],
  { add_prefix_space: configured }: TokenizerConfig,
  name: string,
): void {
  const own = json?.add_prefix_space;
  if (typeof configured !== 'boolean' || typeof own !== 'boolean' || configured === own) return;
  throw new InputError(
    `${name}: add_prefix_space is ${configured} in tokenizer_config.json but ${own} in tokenizer.json; make them agree`,
  );
}

function decoder(json: AnyTokenizerJson, config: TokenizerConfig): (ids: number[]) => string {
  const { Tokenizer: LibraryTokenizer } = library();
  const stages = { normalizer: null, pre_tokenizer: null, post_processor: null };
  const decoding = { added_tokens: [], decoder: null, ...json, ...stages };
  const tokenizer = new LibraryTokenizer(decoding, config);
  return (ids) => tokenizer.decode(ids, { clean_up_tokenization_spaces: false });
}
