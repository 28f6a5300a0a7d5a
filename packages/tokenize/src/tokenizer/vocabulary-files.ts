import { InputError } from '@mlm/arrow';
import type { AddedTokenJson, TokenizerJson } from './tokenizer-json.js';

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
  const tokens = text.split(/\r\n|\r|\n/);
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

/**
 * Gives a vocabulary the files that it lacks, so that `transformers` opens a folder of them: a tokenizer.json for a
 * vocab.txt, a vocab.txt for a tokenizer.json of WordPiece, a tokenizer_config.json for both.
 */
export function completeFiles(
  files: Readonly<Record<string, string>>,
  where: string,
): Record<string, string> {
  const vocabulary = files['vocab.txt'];
  const config = parseConfig(files['tokenizer_config.json'], where);
  const complete: Record<string, string> = { ...files };
  if (complete['tokenizer.json'] === undefined) {
    const json = bertTokenizerJson(parseVocabulary(vocabulary ?? ''), config, where);
    complete['tokenizer.json'] = JSON.stringify(json);
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

/** The tokenizer.json that `transformers` would make of a vocab.txt. */
function bertTokenizerJson(tokens: readonly string[], config: TokenizerConfig, where: string): TokenizerJson {
  const vocab: Record<string, number> = Object.create(null);
  for (const [id, token] of tokens.entries()) vocab[token] = id;
  const has = (token: string) => token in vocab;
  const addedTokens = new Map<number, AddedTokenJson>();
  for (const [id, token] of Object.entries(config.added_tokens_decoder ?? {})) {
    addedTokens.set(Number(id), { id: Number(id), ...token });
  }
  const special = Object.fromEntries(
    (Object.keys(SPECIAL_TOKENS) as SpecialRole[]).map((role) => [role, specialToken(role, config, has)]),
  ) as Record<SpecialRole, string>;
  for (const content of Object.values(special)) {
    const id = vocab[content];
    if (id === undefined || addedTokens.has(id)) continue;
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
    addedTokens.set(id, { id, content, ...flags });
  }
  const template = (type: 'A' | 'B', typeId: number) => ({ Sequence: { id: type, type_id: typeId } });
  const mark = (content: string, typeId: number) => ({ SpecialToken: { id: content, type_id: typeId } });
  const named = (content: string) => ({ id: content, ids: [vocab[content]], tokens: [content] });
  const first = [mark(special.cls, 0), template('A', 0), mark(special.sep, 0)];
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...addedTokens.values()].sort((a, b) => a.id - b.id),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars ?? true,
      strip_accents: config.strip_accents ?? null,
      lowercase: config.do_lower_case ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: first,
      pair: [...first, template('B', 1), mark(special.sep, 1)],
      special_tokens: { [special.cls]: named(special.cls), [special.sep]: named(special.sep) },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: special.unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
  if (tokens.length === 0) throw new InputError(`${where}: the vocabulary is empty`);
  return json;
}
