import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import { addedTokens } from './added-tokens.js';
import {
  AS_IT_STANDS,
  SettingError,
  type TokenizerClass,
  type TokenizerConfig,
  tokenizerClass,
} from './classes.js';
import {
  addedTokenJson,
  type BpeJson,
  parseObject,
  parseTokenizerJson,
  type TokenizerJson,
  vocabularyTokens,
} from './tokenizer-json.js';
import { parseVocabulary, type Tokens } from './vocabulary.js';

/** A tokenizer's files, read as `AutoTokenizer` of transformers 5 reads them. */
export interface TokenizerFolder {
  /** The equivalent tokenizer.json, whichever files it came from. */
  json: TokenizerJson;
  /** The model's tokens by id. */
  tokens: Tokens;
  /** tokenizer_config.json with the additions of special_tokens_map.json and the class. */
  settings: TokenizerConfig;
  /** The class of transformers that reads the folder. */
  className: string;
  /** Thrown unless something worse is found: a file gives a token another id than transformers does. */
  conflict: InputError | undefined;
}

/**
 * Reads a tokenizer's files. The class decides which file counts: {@link AS_IT_STANDS} uses tokenizer.json, the others
 * rebuild everything but the vocabulary from tokenizer_config.json.
 * @param files the texts of tokenizer.json, tokenizer_config.json, special_tokens_map.json, added_tokens.json, vocab.txt,
 *   vocab.json and merges.txt by name, as many as there are
 * @throws InputError if a file is damaged or asks for something unsupported
 */
export function readFolder(files: Readonly<Record<string, string>>, where: string): TokenizerFolder {
  const optional = (name: string) => {
    const text = files[name];
    return text === undefined ? undefined : parseObject(text, `${where}: ${name}`);
  };
  const config = optional('tokenizer_config.json') ?? {};
  const settings = mergeSettings(config, optional('special_tokens_map.json'));
  refuseSettings(settings, where);
  const text = files['tokenizer.json'];
  const json = text === undefined ? undefined : parseTokenizerJson(text, where);
  const vocabulary = json ? tokensOf(json.model) : vocabularyOf(files, where);
  const { name, class: kind } = classOf(config, json ? undefined : vocabulary.model.type, where);
  if (kind !== undefined && kind.model !== vocabulary.model.type)
    throw new InputError(
      `${where}: its class ${name} expects a ${kind.model} model, but its files contain ${vocabulary.model.type}`,
    );
  const stages = kind ? rebuilt(kind, vocabulary.model, settings, json, where) : json!;
  const added = addedTokens({
    where,
    class: kind,
    settings,
    json: json?.added_tokens ?? [],
    file: optional('added_tokens.json'),
    ...vocabulary,
  });
  return {
    json: Object.assign(stages, { added_tokens: added.tokens.map(addedTokenJson) }),
    tokens: vocabulary.tokens,
    settings: { ...kind?.tokens, ...settings },
    className: name,
    conflict: added.conflict,
  };
}

/** special_tokens_map.json takes precedence over tokenizer_config.json, unless that lists the added tokens itself. */
function mergeSettings(config: TokenizerConfig, map: TokenizerConfig | undefined): TokenizerConfig {
  return config.added_tokens_decoder === undefined ? { ...config, ...map } : config;
}

/** Settings that would change the ids, each with a check for the value that does not. */
const REFUSED: Readonly<Record<string, (value: unknown) => boolean>> = {
  do_basic_tokenize: (value) => value === true,
  never_split: isEmpty,
  wordpieces_prefix: (value) => value === '##',
  split_special_tokens: (value) => value === false,
  word_tokenizer_type: (value) => value === 'basic',
  subword_tokenizer_type: (value) => value === 'wordpiece',
  mecab_kwargs: isEmpty,
  sudachi_kwargs: isEmpty,
  jumanpp_kwargs: isEmpty,
  normalization: (value) => value === false,
  sp_model_kwargs: isEmpty,
  fast_tokenizer_files: isEmpty,
  init_inputs: isEmpty,
  vocab: isEmpty,
  merges: isEmpty,
};

function refuseSettings(settings: TokenizerConfig, where: string): void {
  for (const [name, isUsual] of Object.entries(REFUSED)) {
    const value = settings[name];
    if (value !== undefined && value !== null && !isUsual(value)) throw unsupported(where, name, value);
  }
  const map = settings.auto_map;
  const own = Array.isArray(map) ? map : (map as TokenizerConfig | null | undefined)?.AutoTokenizer;
  if (own !== undefined && own !== null) throw unsupported(where, 'auto_map', own);
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

function unsupported(where: string, setting: string, value: unknown): InputError {
  return new InputError(`${where}: ${setting} is ${shown(value)}, which is not supported`);
}

function classOf(config: TokenizerConfig, alone: TokenizerJson['model']['type'] | undefined, where: string) {
  const named = config.tokenizer_class ?? undefined;
  if (named !== undefined && typeof named !== 'string') throw unsupported(where, 'tokenizer_class', named);
  const found = tokenizerClass(named, undefined, where);
  if (found.class !== undefined || alone === undefined) return found;
  // BERT and RoBERTa were published with a vocabulary and no tokenizer.json.
  return tokenizerClass(alone === 'WordPiece' ? 'BertTokenizer' : 'RobertaTokenizer', undefined, where);
}

/** The tokenizer.json that a class builds from a vocabulary and settings. */
function rebuilt(
  kind: TokenizerClass,
  model: TokenizerJson['model'],
  settings: TokenizerConfig,
  json: TokenizerJson | undefined,
  where: string,
): TokenizerJson {
  try {
    // Lazy: the vocabulary of a vocab.txt becomes an object only if needed.
    const vocabulary = {
      type: model.type,
      get vocab() {
        return model.vocab;
      },
      ...(model.type === 'BPE' && { merges: model.merges }),
    };
    return {
      normalizer: kind.normalizer(settings, json),
      pre_tokenizer: kind.preTokenizer(settings),
      decoder: kind.decoder(settings),
      model: Object.assign(vocabulary, kind.modelSettings(settings, model)) as TokenizerJson['model'],
    };
  } catch (error) {
    if (error instanceof SettingError) throw unsupported(where, error.setting, error.value);
    throw error;
  }
}

/** A model's vocabulary: tokens by id, and ids by token. */
interface Vocabulary {
  model: TokenizerJson['model'];
  tokens: Tokens;
  idOf(token: string): number | undefined;
  size(): number;
}

function tokensOf(model: TokenizerJson['model']): Vocabulary {
  const tokens = vocabularyTokens(model);
  if (model.type === 'Unigram') {
    let ids: Map<string | undefined, number> | undefined;
    const idOf = (token: string) => {
      ids ??= new Map(tokens.map((each, id) => [each, id]));
      return ids.get(token);
    };
    return { model, tokens, idOf, size: () => tokens.length };
  }
  const { vocab } = model;
  const idOf = (token: string) => (Object.hasOwn(vocab, token) ? vocab[token] : undefined);
  return { model, tokens, idOf, size: () => Object.keys(vocab).length };
}

/** The vocabulary of a folder without tokenizer.json: vocab.txt, or vocab.json and merges.txt. */
function vocabularyOf(files: Readonly<Record<string, string>>, where: string): Vocabulary {
  const { 'vocab.txt': lines, 'vocab.json': vocab, 'merges.txt': merges } = files;
  if (lines === undefined) {
    const model = {
      type: 'BPE',
      vocab: parseObject(vocab ?? '', `${where}: vocab.json`),
      merges: pairs(merges ?? ''),
    };
    return tokensOf(parseTokenizerJson(JSON.stringify({ model }), where).model as BpeJson);
  }
  const tokens = parseVocabulary(lines);
  if (tokens.length === 0) throw new InputError(`${where}: the vocabulary is empty`);
  let ids: Record<string, number> | undefined;
  const model = {
    type: 'WordPiece' as const,
    get vocab() {
      ids ??= Object.fromEntries(tokens.map((token, id) => [token, id]));
      return ids;
    },
  };
  const idOf = (token: string) => {
    const id = tokens.lastIndexOf(token);
    return id < 0 ? undefined : id;
  };
  return { model, tokens, idOf, size: () => new Set(tokens).size };
}

/** The pairs of a merges.txt, whose first line may give its version. */
function pairs(text: string): string[] {
  return text.split(/\r?\n/).filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')));
}
