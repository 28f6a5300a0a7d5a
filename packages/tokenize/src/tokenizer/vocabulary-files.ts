import { InputError } from '@mlm/base/errors';
import { type AddedTokenJson, addedToken, addedTokenJson } from './tokenizer-json.js';
import type { WordPieceModel } from './types.js';

/** The settings of tokenizer_config.json that decide how a vocab.txt tokenizes, and the names of the special tokens. */
export interface TokenizerConfig {
  do_lower_case?: boolean;
  tokenize_chinese_chars?: boolean;
  strip_accents?: boolean | null;
  added_tokens_decoder?: Record<string, Omit<AddedTokenJson, 'id'>>;
  [name: string]: unknown;
}

/** Names of the special tokens, as tokenizer_config.json spells them. */
export const SPECIAL_TOKENS = {
  cls: { key: 'cls_token', usual: ['[CLS]', '<s>'] },
  sep: { key: 'sep_token', usual: ['[SEP]', '</s>'] },
  pad: { key: 'pad_token', usual: ['[PAD]', '<pad>'] },
  unk: { key: 'unk_token', usual: ['[UNK]', '<unk>'] },
  mask: { key: 'mask_token', usual: ['[MASK]', '<mask>'] },
} as const;

export type SpecialRole = keyof typeof SPECIAL_TOKENS;

/** The token that the configuration gives a role, or the usual one that `has` knows. */
export function specialToken(
  role: SpecialRole,
  config: TokenizerConfig,
  has: (token: string) => boolean,
): string {
  const { key, usual } = SPECIAL_TOKENS[role];
  const set = config[key];
  if (typeof set === 'string') return set;
  if (typeof set === 'object' && set !== null && 'content' in set) return String(set.content);
  return usual.find(has) ?? usual[0];
}

/** Tokens of a vocab.txt, one a line. */
export function parseVocabulary(text: string): string[] {
  const tokens = text.split(text.includes('\r') ? /\r\n|\r|\n/ : '\n');
  if (tokens.at(-1) === '') tokens.pop();
  return tokens;
}

export function parseConfig(text: string | undefined, where: string): TokenizerConfig {
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: tokenizer_config.json is not JSON (${(error as Error).message})`);
  }
}

/** The model of a vocab.txt, as `BertTokenizer` of transformers makes it. */
export function vocabularyModel(text: string, config: TokenizerConfig, where: string): WordPieceModel {
  const tokens = parseVocabulary(text);
  if (tokens.length === 0) throw new InputError(`${where}: the vocabulary is empty`);
  const special = specialTokens(config, tokens);
  const addedTokens = Object.entries(config.added_tokens_decoder ?? {}).map(([id, token]) =>
    addedToken({ id: Number(id), ...token }),
  );
  for (const content of Object.values(special)) {
    const id = tokens.lastIndexOf(content);
    if (id < 0 || addedTokens.some((token) => token.id === id)) continue;
    addedTokens.push(addedToken({ id, content, special: true }));
  }
  const lowercase = config.do_lower_case ?? true;
  return {
    tokens,
    unkToken: special.unk,
    continuingSubwordPrefix: '##',
    maxInputCharsPerWord: 100,
    addedTokens: addedTokens.sort((a, b) => a.id - b.id),
    cleanText: true,
    handleChineseChars: config.tokenize_chinese_chars ?? true,
    stripAccents: config.strip_accents ?? lowercase,
    lowercase,
  };
}

/**
 * Gives a vocab.txt the files that it lacks, so that `transformers` opens a folder of them: a tokenizer.json and a
 * tokenizer_config.json.
 */
export function completeFiles(
  files: Readonly<Record<string, string>>,
  where: string,
): Record<string, string> {
  const complete: Record<string, string> = { ...files };
  if (complete['tokenizer.json'] === undefined) {
    const config = parseConfig(files['tokenizer_config.json'], where);
    const model = vocabularyModel(files['vocab.txt'] ?? '', config, where);
    complete['tokenizer.json'] = bertTokenizerJson(model, config);
    complete['tokenizer_config.json'] ??= bertConfig(config);
  }
  return complete;
}

/** The tokenizer_config.json of a BERT tokenizer. */
export function bertConfig(config: TokenizerConfig): string {
  const { do_lower_case = true, tokenize_chinese_chars = true, strip_accents = null } = config;
  const names = Object.fromEntries(
    Object.values(SPECIAL_TOKENS).map(({ key, usual }) => [key, config[key] ?? usual[0]]),
  );
  const settings = { tokenizer_class: 'BertTokenizer', do_lower_case, tokenize_chinese_chars, strip_accents };
  return `${JSON.stringify({ ...settings, ...names }, null, 2)}\n`;
}

/** The text of the tokenizer.json that `transformers` would make of a vocab.txt. */
function bertTokenizerJson(model: WordPieceModel, config: TokenizerConfig): string {
  const { tokens } = model;
  const special = specialTokens(config, tokens);
  const sequence = (id: 'A' | 'B', type_id: number) => ({ Sequence: { id, type_id } });
  const mark = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const idOf = (content: string) =>
    model.addedTokens.find((token) => token.content === content)?.id ?? tokens.lastIndexOf(content);
  const named = (content: string) => ({ id: content, ids: [idOf(content)], tokens: [content] });
  const single = [mark(special.cls, 0), sequence('A', 0), mark(special.sep, 0)];
  const json = JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: model.addedTokens.map(addedTokenJson),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: model.cleanText,
      handle_chinese_chars: model.handleChineseChars,
      strip_accents: config.strip_accents ?? null,
      lowercase: model.lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, sequence('B', 1), mark(special.sep, 1)],
      special_tokens: { [special.cls]: named(special.cls), [special.sep]: named(special.sep) },
    },
    decoder: { type: 'WordPiece', prefix: model.continuingSubwordPrefix, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: model.unkToken,
      continuing_subword_prefix: model.continuingSubwordPrefix,
      max_input_chars_per_word: model.maxInputCharsPerWord,
    },
  });
  // As text, since an object of so many names takes long to make. Where a token has two ids, readers take the later one.
  const entries: string[] = [];
  for (const [id, token] of tokens.entries())
    if (token !== undefined) entries.push(`${JSON.stringify(token)}:${id}`);
  return `${json.slice(0, -2)},"vocab":{${entries.join(',')}}}}`;
}

/** The token of each role. */
function specialTokens(
  config: TokenizerConfig,
  tokens: readonly (string | undefined)[],
): Record<SpecialRole, string> {
  const of = (role: SpecialRole) => specialToken(role, config, (token) => tokens.includes(token));
  return { cls: of('cls'), sep: of('sep'), pad: of('pad'), unk: of('unk'), mask: of('mask') };
}
