import { InputError } from '@mlm/base/errors';
import { parseJson, shown } from '@mlm/base/json';
import type { AddedToken, ComponentJson, WordPieceModel } from './types.js';

export type { ComponentJson };

/** The parts of a tokenizer.json that are read here. */
export interface TokenizerJson {
  added_tokens?: AddedTokenJson[];
  normalizer?: ComponentJson | null;
  pre_tokenizer?: ComponentJson | null;
  decoder?: ComponentJson | null;
  model: WordPieceJson | BpeJson | UnigramJson;
}

export interface WordPieceJson {
  type: 'WordPiece';
  /** Ids by token. */
  vocab: Record<string, number>;
  unk_token?: string;
  continuing_subword_prefix?: string;
  max_input_chars_per_word?: number;
}

export interface BpeJson {
  type: 'BPE';
  /** Ids by token. */
  vocab: Record<string, number>;
  /** Pairs of tokens, the first merged first: `a b`, or `[a, b]`. */
  merges: (string | [left: string, right: string])[];
  unk_token?: string | null;
  dropout?: number | null;
  continuing_subword_prefix?: string | null;
  end_of_word_suffix?: string | null;
  fuse_unk?: boolean;
  byte_fallback?: boolean;
  ignore_merges?: boolean;
}

export interface UnigramJson {
  type: 'Unigram';
  /** Tokens and their scores in the order of ids. */
  vocab: [token: string, score: number][];
  unk_id?: number | null;
  byte_fallback?: boolean;
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

/** Limit of ids: sixteen times the largest vocabulary in use, and small enough for tables indexed by id. */
export const MAX_IDS = 1 << 22;

/**
 * Parses and checks the text of a tokenizer.json; `where` names the file in the error.
 * @throws InputError if it is not JSON, has another shape, or contains ids that are not whole numbers from 0 to
 * 4,194,303, or that two tokens share
 */
export function parseTokenizerJson(text: string, where: string): TokenizerJson {
  const json = parseObject(text, /\.json$/.test(where) ? where : `${where}: tokenizer.json`);
  const refuse = (what: string): never => {
    throw new InputError(`${where}: ${what}`);
  };
  const { model } = json;
  if (!isObject(model) || typeof model.vocab !== 'object' || model.vocab === null)
    return refuse('not a tokenizer.json: it has no model with a vocabulary');
  const type = model.type ?? untypedModel(model);
  if (typeof type !== 'string') return refuse(`its model has the type ${shown(type)}, expected a name`);
  if (type !== 'WordPiece' && type !== 'BPE' && type !== 'Unigram')
    return refuse(`its model is ${shown(type, '')}; supported are WordPiece, byte-level BPE and Unigram`);
  for (const stage of ['normalizer', 'pre_tokenizer', 'decoder']) checkComponent(json[stage], stage, refuse);
  const taken = type === 'Unigram' ? scoredTokens(model, refuse) : tokensById(model.vocab, refuse);
  if (type === 'BPE') checkMerges(model.merges, refuse);
  checkSettings(model, refuse);
  checkAddedTokens(json.added_tokens, taken, refuse);
  return { ...json, model: { ...model, type } } as unknown as TokenizerJson;
}

/** Parses a file that must be one JSON object. */
export function parseObject(text: string, where: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new InputError(`${where}: not JSON that can be read: ${(error as Error).message}`);
  }
  if (!isObject(json)) throw new InputError(`${where}: expected a JSON object, found ${shown(json)}`);
  return json;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Refuse = (what: string) => never;

/** Old files omit the type. */
function untypedModel(model: Record<string, unknown>): string {
  if (Array.isArray(model.vocab)) return 'Unigram';
  return model.merges === undefined ? 'WordPiece' : 'BPE';
}

/** How deep sequences may be inside others. */
const DEEPEST = 32;

function checkComponent(value: unknown, what: string, refuse: Refuse, depth = 0): void {
  if (depth > DEEPEST) refuse(`its ${what} has more than ${DEEPEST} sequences inside one another`);
  if (value === undefined || value === null) return;
  if (!isObject(value) || typeof value.type !== 'string')
    refuse(`its ${what} is ${shown(value)}, expected an object with a type`);
  if ((value as ComponentJson).type !== 'Sequence') return;
  const steps = (value as ComponentJson)[`${what.replace('_', '')}s`];
  if (!Array.isArray(steps)) refuse(`its ${what} is a Sequence without steps`);
  for (const step of steps as unknown[]) {
    if (step === null) refuse(`its ${what} has a step that is null`);
    checkComponent(step, what, refuse, depth + 1);
  }
}

/** The tokens by id, of a vocabulary that gives ids by token. */
function tokensById(vocab: unknown, refuse: Refuse): Map<number, string> {
  if (!isObject(vocab)) return refuse('its vocabulary is a list; this model needs one id for each token');
  const taken = new Map<number, string>();
  for (const [token, id] of Object.entries(vocab)) takeId(taken, token, id, refuse);
  return taken;
}

function takeId(taken: Map<number, string>, token: string, id: unknown, refuse: Refuse): void {
  if (!isId(id))
    refuse(`the id of ${shown(token)} is ${shown(id)}; expected a whole number below ${MAX_IDS}`);
  const other = taken.get(id as number);
  if (other !== undefined && other !== token)
    refuse(`${shown(other)} and ${shown(token)} both have the id ${id}`);
  taken.set(id as number, token);
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < MAX_IDS;
}

function scoredTokens(model: Record<string, unknown>, refuse: Refuse): Map<number, string> {
  const { vocab, unk_id } = model;
  if (!Array.isArray(vocab) || vocab.length > MAX_IDS)
    return refuse(`the vocabulary of its Unigram model is not a list of at most ${MAX_IDS} tokens`);
  const taken = new Map<number, string>();
  for (const [id, entry] of vocab.entries()) {
    const [token, score] = Array.isArray(entry) ? entry : [];
    if (typeof token !== 'string' || typeof score !== 'number' || !Number.isFinite(score))
      refuse(`entry ${id} of its vocabulary is ${shown(entry)}; expected a token and its score`);
    taken.set(id, token);
  }
  if (unk_id !== undefined && unk_id !== null && !(isId(unk_id) && unk_id < vocab.length))
    refuse(`unk_id is ${shown(unk_id)}; expected a whole number below ${vocab.length}`);
  return taken;
}

function checkMerges(merges: unknown, refuse: Refuse): void {
  if (!Array.isArray(merges)) {
    refuse('the merges of its BPE model are not a list');
    return;
  }
  for (const [i, merge] of merges.entries()) {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(pair) || pair.length !== 2 || pair.some((part) => typeof part !== 'string'))
      refuse(`merge ${i} is ${shown(merge)}; expected two tokens`);
  }
}

const SETTINGS: Record<string, 'string' | 'boolean' | 'number'> = {
  unk_token: 'string',
  continuing_subword_prefix: 'string',
  end_of_word_suffix: 'string',
  max_input_chars_per_word: 'number',
  dropout: 'number',
  fuse_unk: 'boolean',
  byte_fallback: 'boolean',
  ignore_merges: 'boolean',
};

function checkSettings(model: Record<string, unknown>, refuse: Refuse): void {
  for (const [name, type] of Object.entries(SETTINGS)) {
    const value = model[name];
    if (value !== undefined && value !== null && typeof value !== type)
      refuse(`${name} of its model is ${shown(value)}; expected a ${type}`);
  }
  const limit = model.max_input_chars_per_word;
  if (typeof limit === 'number' && !(Number.isSafeInteger(limit) && limit >= 0))
    refuse(`max_input_chars_per_word of its model is ${limit}; expected a whole number, 0 or more`);
}

const FLAGS = ['special', 'single_word', 'lstrip', 'rstrip', 'normalized'] as const;

function checkAddedTokens(tokens: unknown, taken: Map<number, string>, refuse: Refuse): void {
  if (tokens === undefined || tokens === null) return;
  if (!Array.isArray(tokens)) {
    refuse(`its added_tokens are ${shown(tokens)}, expected a list`);
    return;
  }
  for (const token of tokens) {
    if (!isAddedToken(token))
      refuse(`its added_tokens contain ${shown(token)}; expected a content and its flags`);
    takeId(taken, token.content, token.id, refuse);
  }
}

/** Whether a value has an added token's content, and flags that are true, false or absent. */
export function isAddedToken(value: unknown): value is { id?: unknown; content: string } {
  if (!isObject(value) || typeof value.content !== 'string') return false;
  return FLAGS.every((flag) => value[flag] === undefined || typeof value[flag] === 'boolean');
}

/** Whether this is BERT's WordPiece, with BERT's normalizer and pre-tokenizer. */
export function isBertWordPiece(json: TokenizerJson): json is TokenizerJson & { model: WordPieceJson } {
  const { model, normalizer, pre_tokenizer } = json;
  return (
    model.type === 'WordPiece' &&
    normalizer?.type === 'BertNormalizer' &&
    pre_tokenizer?.type === 'BertPreTokenizer'
  );
}

/**
 * The WordPiece model of a tokenizer.json, with the defaults of Rust tokenizers.
 * @param tokens its tokens by id, if they are already known
 */
export function wordPieceModel(
  json: TokenizerJson,
  tokens: WordPieceModel['tokens'] = vocabularyTokens(json.model),
): WordPieceModel {
  const { normalizer, added_tokens } = json;
  const { unk_token, continuing_subword_prefix, max_input_chars_per_word } = json.model as WordPieceJson;
  const flag = (name: string, usual: boolean) => (normalizer?.[name] as boolean | null | undefined) ?? usual;
  const lowercase = flag('lowercase', true);
  return {
    tokens,
    unkToken: unk_token ?? '[UNK]',
    continuingSubwordPrefix: continuing_subword_prefix ?? '##',
    maxInputCharsPerWord: max_input_chars_per_word ?? 100,
    addedTokens: (added_tokens ?? []).map(addedToken),
    cleanText: flag('clean_text', true),
    handleChineseChars: flag('handle_chinese_chars', true),
    stripAccents: flag('strip_accents', lowercase),
    lowercase,
  };
}

/** The tokens of a model by id; an id that no token has is undefined. */
export function vocabularyTokens(model: TokenizerJson['model']): (string | undefined)[] {
  if (model.type === 'Unigram') return model.vocab.map(([token]) => token);
  const tokens: (string | undefined)[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  return tokens;
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
