import { InputError } from '@mlm/base/errors';
import { decoder } from '../decoder/decoder.js';
import { nativeBpe } from '../encoder/bpe.js';
import { NativeEncoder, type NativeModel, nativeImage } from '../encoder/native.js';
import { type Pipeline, PipelineEncoder } from '../encoder/pipeline.js';
import { nativeUnigram } from '../encoder/unigram.js';
import { checkWordLength } from '../encoder/word-length.js';
import { pipelineModel } from '../model/model.js';
import { normalizer, startKeeper } from '../normalizer/normalizer.js';
import { dependsOnStart, preTokenizer } from '../pre-tokenizer/pre-tokenizer.js';
import { carriedFiles } from './carried-files.js';
import type { TokenizerConfig } from './classes.js';
import { readFolder, type TokenizerFolder } from './folder.js';
import { findProtectedIds, findSpecialIds } from './special-tokens.js';
import { addedToken, type TokenizerJson } from './tokenizer-json.js';
import type { Encoder, ImageSource, NativeImage, Tokenizer, TokenizerDefinition } from './types.js';
import { allTokens, sha256, tokenAt, vocabularyText } from './vocabulary.js';
import { findWordStarts, wordMark } from './word-starts.js';

/**
 * The tokenizer of a tokenizer.json whose model is byte-level BPE or Unigram.
 * @throws InputError if a stage is not known to give the ids of Rust tokenizers, or a special token is missing
 */
export function pipelineTokenizer(definition: TokenizerDefinition, folder: TokenizerFolder): Tokenizer {
  const { name, files } = definition;
  const { json, settings } = folder;
  const pipeline = pipelineOf(folder, name);
  const { addedTokens, model } = pipeline;
  const tokens = allTokens({ tokens: folder.tokens, addedTokens });
  const specialIds = findSpecialIds(tokens, settings, name, model.unkToken);
  if (folder.conflict) throw folder.conflict;
  let wordStarts: Uint8Array | undefined;
  const native = nativeModel(pipeline, json, name);
  let image: NativeImage | undefined;
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
    encoder() {
      if (native === undefined) return new PipelineEncoder(pipeline);
      image ??= nativeImage(native);
      return nativeEncoder(image, () => pipeline);
    },
    hasToken: (id) => tokens[id] !== undefined,
    idToToken: (id) => tokenAt(tokens, id),
    decode(ids) {
      decodeTokens ??= decoder(json.decoder, name);
      return decodeTokens(Array.from(ids, (id) => tokenAt(tokens, id)));
    },
    encoderSource() {
      if (native === undefined) return { definition };
      image ??= nativeImage(native);
      return { image, definition };
    },
    definition: () => definition,
  };
}

/** The stages that a tokenizer's files define. */
export function pipelineStages({ name, files }: TokenizerDefinition): Pipeline {
  return pipelineOf(readFolder(files, name), name);
}

/** An encoder from the image that another thread has set up. */
export function imageEncoder({ image, definition }: ImageSource): Encoder {
  return nativeEncoder(image, () => pipelineStages(definition));
}

/** An encoder in WebAssembly; the stages in TypeScript, for what it leaves to them, are created when needed. */
function nativeEncoder(image: NativeImage, stages: () => Pipeline): Encoder {
  let encoder: PipelineEncoder | undefined;
  return new NativeEncoder(image, {
    encodeText(text) {
      encoder ??= new PipelineEncoder(stages());
      return encoder.encodeText(text);
    },
    // BPE's words are bytes.
    checkWord: (word) =>
      checkWordLength(word, image.module === 'bpe' ? Buffer.byteLength(word) : word.length),
  });
}

/** The model for its WebAssembly encoder; undefined if that lacks one of the stages. */
function nativeModel(
  { model, addedTokens }: Pipeline,
  json: TokenizerJson,
  name: string,
): NativeModel | undefined {
  return model.type === 'BPE'
    ? nativeBpe(json, model, addedTokens, name)
    : nativeUnigram(json, model, addedTokens, name);
}

function pipelineOf({ json, settings }: TokenizerFolder, name: string): Pipeline {
  checkPrefixSpace(json.pre_tokenizer, settings, name);
  return {
    addedTokens: (json.added_tokens ?? []).map(addedToken),
    model: pipelineModel(json, name),
    normalize: normalizer(json.normalizer, name),
    splitWords: preTokenizer(json.pre_tokenizer, name),
    keepsStart: dependsOnStart(json.pre_tokenizer) ? startKeeper(json.normalizer, name) : () => true,
  };
}

/** transformers lets tokenizer_config.json override the pre-tokenizer, but differently in each version. */
function checkPrefixSpace(
  json: TokenizerJson['pre_tokenizer'],
  { add_prefix_space: configured }: TokenizerConfig,
  name: string,
): void {
  const own = json?.add_prefix_space;
  if (typeof configured !== 'boolean' || typeof own !== 'boolean' || configured === own) return;
  throw new InputError(
    `${name}: add_prefix_space is ${configured} in tokenizer_config.json but ${own} in tokenizer.json; make them agree`,
  );
}
