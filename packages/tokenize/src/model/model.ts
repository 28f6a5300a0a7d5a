import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import { BYTE_CHARACTERS } from '../pre-tokenizer/byte-level.js';
import type { BpeJson, TokenizerJson, UnigramJson } from '../tokenizer/tokenizer-json.js';
import { bpeEncoder, type Merge, mergesOf } from './bpe.js';
import { unigramEncoder } from './unigram.js';

/** The model of a tokenizer.json, which encodes words. */
export type PipelineModel = BpeModel | UnigramModel;

export interface BpeModel {
  type: 'BPE';
  json: BpeJson;
  unkToken: string | undefined;
  merges: readonly Merge[];
  /** Creates a function that encodes a word. */
  wordEncoder(): (word: string) => number[];
}

export interface UnigramModel {
  type: 'Unigram';
  json: UnigramJson;
  unkId: number;
  unkToken: string | undefined;
  wordEncoder(): (word: string) => number[];
}

/** @throws InputError for a model, or a setting of it, that is not known to give the ids of Rust tokenizers */
export function pipelineModel(json: TokenizerJson, name: string): PipelineModel {
  const { model } = json;
  if (model.type === 'BPE') return bpe(model, name);
  if (model.type === 'Unigram') return unigram(model, json, name);
  throw new InputError(
    `${name}: its model is WordPiece without the normalizer of BERT; supported are BERT's WordPiece, byte-level BPE and Unigram`,
  );
}

function bpe(json: BpeJson, name: string): BpeModel {
  refuse(json, ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix', 'byte_fallback'], name);
  const unkToken = json.unk_token ?? undefined;
  const hasUnknown = unkToken !== undefined && Object.hasOwn(json.vocab, unkToken);
  if (!hasUnknown && BYTE_CHARACTERS.some((character) => !Object.hasOwn(json.vocab, character))) {
    throw new InputError(
      `${name}: its BPE has neither a token for each byte nor an unk_token in its vocabulary, so text would be lost`,
    );
  }
  const merges = mergesOf(json, name);
  return { type: 'BPE', json, unkToken, merges, wordEncoder: () => bpeEncoder(json, merges) };
}

function unigram(json: UnigramJson, { added_tokens }: TokenizerJson, name: string): UnigramModel {
  refuse(json, ['byte_fallback'], name);
  const unkId = json.unk_id ?? undefined;
  const unkToken = unkId === undefined ? undefined : json.vocab[unkId]?.[0];
  if (unkId === undefined || !added_tokens?.some(({ content }) => content === unkToken))
    throw new InputError(`${name}: the unknown token of its Unigram model is not among the added tokens`);
  return { type: 'Unigram', json, unkId, unkToken, wordEncoder: () => unigramEncoder(json.vocab, unkId) };
}

function refuse<T extends object>(model: T, settings: (keyof T & string)[], name: string): void {
  for (const setting of settings) {
    if (model[setting])
      throw new InputError(
        `${name}: ${setting} of its model is ${shown(model[setting])}, which is not supported`,
      );
  }
}
