import { InputError } from '@mlm/base/errors';
import type { AddedToken, WordPieceModel } from './types.js';

/** A normalizer, pre-tokenizer or decoder of a tokenizer.json, with the settings of its type. */
export interface ComponentJson {
  type: string;
  [setting: string]: unknown;
}

/** Any tokenizer.json. */
export interface AnyTokenizerJson {
  added_tokens?: AddedTokenJson[];
  normalizer?: ComponentJson | null;
  pre_tokenizer?: ComponentJson | null;
  decoder?: ComponentJson | null;
  model: { type?: string; vocab: object };
}

/** The parts of the tokenizer.json of a BERT WordPiece that are read here, as they stand in the file. */
export interface TokenizerJson {
  added_tokens?: AddedTokenJson[];
  normalizer?: NormalizerJson | null;
  pre_tokenizer?: { type: string } | null;
  decoder?: { type: string; prefix?: string; cleanup?: boolean } | null;
  model: {
    type?: string;
    vocab: Record<string, number>;
    unk_token?: string;
    continuing_subword_prefix?: string;
    max_input_chars_per_word?: number;
  };
}

export interface AddedTokenJson {
  id: number;
  content: string;
  special?: boolean;
  single_word?: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
  normalized?: boolean;
}

interface NormalizerJson {
  type: string;
  clean_text?: boolean;
  handle_chinese_chars?: boolean;
  strip_accents?: boolean | null;
  lowercase?: boolean;
}

/** Parses the text of a tokenizer.json; `where` names the file in the error. */
export function parseTokenizerJson<Json extends Pick<AnyTokenizerJson, 'model'> = TokenizerJson>(
  text: string,
  where: string,
): Json {
  let json: Json;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: not JSON (${(error as Error).message})`);
  }
  if (json?.model?.vocab === undefined) {
    throw new InputError(`${where}: not a tokenizer.json: it has no model with a vocabulary`);
  }
  return json;
}

/** Whether this is BERT's WordPiece, with BERT's normalizer and pre-tokenizer: what the encoder of this package runs. */
export function isBertWordPiece(json: AnyTokenizerJson): json is TokenizerJson & AnyTokenizerJson {
  return (
    (json.model.type ?? 'WordPiece') === 'WordPiece' &&
    json.normalizer?.type === 'BertNormalizer' &&
    json.pre_tokenizer?.type === 'BertPreTokenizer'
  );
}

/** The WordPiece model of a tokenizer.json, with the defaults that Rust tokenizers has for what is left out. */
export function wordPieceModel(json: TokenizerJson): WordPieceModel {
  const tokens: (string | undefined)[] = [];
  for (const [token, id] of Object.entries(json.model.vocab)) tokens[id] = token;
  const normalizer = json.normalizer;
  const lowercase = normalizer?.lowercase ?? true;
  return {
    tokens,
    unkToken: json.model.unk_token ?? '[UNK]',
    continuingSubwordPrefix: json.model.continuing_subword_prefix ?? '##',
    maxInputCharsPerWord: json.model.max_input_chars_per_word ?? 100,
    addedTokens: (json.added_tokens ?? []).map(addedToken),
    cleanText: normalizer?.clean_text ?? true,
    handleChineseChars: normalizer?.handle_chinese_chars ?? true,
    stripAccents: normalizer?.strip_accents ?? lowercase,
    lowercase,
  };
}

/** An added token with the defaults of Rust tokenizers. */
export function addedToken(token: AddedTokenJson): AddedToken {
  const special = token.special ?? false;
  return {
    id: token.id,
    content: token.content,
    special,
    singleWord: token.single_word ?? false,
    lstrip: token.lstrip ?? false,
    rstrip: token.rstrip ?? false,
    normalized: token.normalized ?? !special,
  };
}

export function addedTokenJson(token: AddedToken): AddedTokenJson {
  const { id, content, singleWord, lstrip, rstrip, normalized, special } = token;
  return { id, content, single_word: singleWord, lstrip, rstrip, normalized, special };
}
