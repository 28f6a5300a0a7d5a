import { InputError } from '@mlm/base/errors';
import { decoder } from '../decoder/decoder.js';
import { PipelineEncoder } from '../encoder/pipeline.js';
import { pipelineModel } from '../model/model.js';
import { normalizer, startKeeper } from '../normalizer/normalizer.js';
import { dependsOnStart, preTokenizer } from '../pre-tokenizer/pre-tokenizer.js';
import { carriedFiles } from './carried-files.js';
import type { Settings } from './classes.js';
import type { TokenizerFolder } from './folder.js';
import { findProtectedIds, findSpecialIds } from './special-tokens.js';
import { addedToken, type TokenizerJson } from './tokenizer-json.js';
import type { Tokenizer, TokenizerDefinition } from './types.js';
import { allTokens, sha256, tokenAt, vocabularyText } from './vocabulary.js';
import { findWordStarts, wordMark } from './word-starts.js';

/**
 * The tokenizer of a tokenizer.json whose model is byte-level BPE or Unigram.
 * @throws InputError when a stage of it would not surely give the ids of Rust tokenizers, or a special token is missing
 */
export function pipelineTokenizer(definition: TokenizerDefinition, folder: TokenizerFolder): Tokenizer {
  const { name, files } = definition;
  const { json, settings } = folder;
  const addedTokens = (json.added_tokens ?? []).map(addedToken);
  const model = pipelineModel(json, name);
  const normalize = normalizer(json.normalizer, name);
  checkPrefixSpace(json.pre_tokenizer, settings, name);
  const splitWords = preTokenizer(json.pre_tokenizer, name);
  const keepsStart = dependsOnStart(json.pre_tokenizer) ? startKeeper(json.normalizer, name) : () => true;
  const tokens = allTokens({ tokens: folder.tokens, addedTokens });
  const specialIds = findSpecialIds(tokens, settings, name, model.unkToken);
  if (folder.conflict) throw folder.conflict;
  let wordStarts: Uint8Array | undefined;
  let carried: Record<string, string> | undefined;
  let decodeTokens: ((tokens: string[]) => string) | undefined;
  return {
    name,
    sha256: sha256(vocabularyText(folder.tokens)),
    vocabularySize: tokens.length,
    specialIds,
    protectedIds: findProtectedIds(specialIds, addedTokens),
    get wordStarts() {
      wordStarts ??= findWordStarts(tokens, wordMark(json.pre_tokenizer));
      return wordStarts;
    },
    get files() {
      carried ??= carriedFiles(files, folder, specialIds);
      return carried;
    },
    encoder: () => new PipelineEncoder({ addedTokens, normalize, keepsStart, splitWords, model }),
    idToToken: (id) => tokenAt(tokens, id),
    decode(ids) {
      decodeTokens ??= decoder(json.decoder, name);
      return decodeTokens(Array.from(ids, (id) => tokenAt(tokens, id)));
    },
    encoderSource: () => ({ definition }),
    definition: () => definition,
  };
}

/** `transformers` lets tokenizer_config.json overrule the pre-tokenizer, and not alike in each version. */
function checkPrefixSpace(
  json: TokenizerJson['pre_tokenizer'],
  { add_prefix_space: configured }: Settings,
  name: string,
): void {
  const own = json?.add_prefix_space;
  if (typeof configured !== 'boolean' || typeof own !== 'boolean' || configured === own) return;
  throw new InputError(
    `${name}: add_prefix_space is ${configured} in tokenizer_config.json but ${own} in tokenizer.json; make them agree`,
  );
}
