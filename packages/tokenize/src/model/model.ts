import { createRequire } from 'node:module';
import { InputError } from '@mlm/base/errors';
import { BYTE_CHARACTERS } from '../pre-tokenizer/pre-tokenizer.js';
import type { AnyTokenizerJson } from '../tokenizer/tokenizer-json.js';
import type { Tokens } from '../tokenizer/vocabulary.js';
import { unigramEncoder } from './unigram.js';

/** The model of a tokenizer.json: pieces of a word (those of BPE by @huggingface/tokenizers). */
export interface PipelineModel {
  /** Tokens by id, without the added ones. */
  tokens: Tokens;
  unkToken: string | undefined;
  /** Makes what turns a word into its ids. */
  wordEncoder(): (word: string) => number[];
}

interface BpeJson {
  type?: string;
  vocab: Record<string, number>;
  unk_token?: string | null;
  dropout?: number | null;
  continuing_subword_prefix?: string | null;
  end_of_word_suffix?: string | null;
  byte_fallback?: boolean;
}

interface UnigramJson {
  vocab: [token: string, score: number][];
  unk_id?: number | null;
  byte_fallback?: boolean;
}

type Library = typeof import('@huggingface/tokenizers');

/** The library is loaded at the first call, so that WordPiece never waits for it. */
export function library(): Library {
  return createRequire(import.meta.url)('@huggingface/tokenizers');
}

/** @throws InputError for a model, or a setting of it, that is not known to give the ids of Rust tokenizers */
export function pipelineModel(json: AnyTokenizerJson, name: string): PipelineModel {
  const { model } = json;
  if (model.type === 'BPE') return bpe(model as BpeJson, name);
  if (model.type === 'Unigram') return unigram(model as UnigramJson, json, name);
  const kind = model.type === 'WordPiece' ? 'WordPiece without the normalizer of BERT' : model.type;
  throw new InputError(
    `${name}: its model is ${kind}; supported are BERT's WordPiece, byte-level BPE and Unigram`,
  );
}

function bpe(model: BpeJson, name: string): PipelineModel {
  const { vocab } = model;
  refuse(model, ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix', 'byte_fallback'], name);
  const unkToken = model.unk_token ?? undefined;
  if (unkToken === undefined && BYTE_CHARACTERS.some((character) => !Object.hasOwn(vocab, character))) {
    throw new InputError(
      `${name}: its BPE has neither a token for each byte nor an unk_token: text would be lost`,
    );
  }
  const tokens: (string | undefined)[] = [];
  for (const [token, id] of Object.entries(vocab)) tokens[id] = token;
  return {
    tokens,
    unkToken,
    wordEncoder: () => wordEncoder(model),
  };
}

function unigram(model: UnigramJson, json: AnyTokenizerJson, name: string): PipelineModel {
  refuse(model, ['byte_fallback'], name);
  const unkId = model.unk_id ?? undefined;
  const unkToken = unkId === undefined ? undefined : model.vocab[unkId]?.[0];
  if (unkId === undefined || !json.added_tokens?.some(({ content }) => content === unkToken))
    throw new InputError(`${name}: the unknown token of its Unigram model is not among the added tokens`);
  return {
    tokens: model.vocab.map(([token]) => token),
    unkToken,
    wordEncoder: () => unigramEncoder(model.vocab, unkId),
  };
}

/** The library's tokenizer with no stage but the model. */
function wordEncoder(model: object): (word: string) => number[] {
  const { Tokenizer } = library();
  const stages = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  const tokenizer = new Tokenizer({ model, added_tokens: [], ...stages }, {});
  return (word) => tokenizer.encode(word, { add_special_tokens: false }).ids;
}

function refuse<T extends object>(model: T, settings: (keyof T & string)[], name: string): void {
  for (const setting of settings) {
    if (model[setting])
      throw new InputError(`${name}: ${setting} of its model is ${model[setting]}, which is not supported`);
  }
}
