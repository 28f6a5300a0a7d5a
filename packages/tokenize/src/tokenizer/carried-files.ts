import type { TokenizerConfig } from './classes.js';
import type { TokenizerFolder } from './folder.js';
import { SPECIAL_TOKENS, type SpecialRole, specialToken } from './special-tokens.js';
import {
  addedToken,
  addedTokenJson,
  isBertWordPiece,
  parseObject,
  type TokenizerJson,
  wordPieceModel,
} from './tokenizer-json.js';
import type { SpecialIds, WordPieceModel } from './types.js';
import { allTokens, vocabularyText } from './vocabulary.js';

/**
 * The files from which transformers reads this tokenizer, whatever model is beside them: its own files, a
 * tokenizer.json if there was none, and a tokenizer_config.json that names the class.
 */
export function carriedFiles(
  files: Readonly<Record<string, string>>,
  folder: TokenizerFolder,
  specialIds: SpecialIds,
): Record<string, string> {
  const { json, tokens, settings } = folder;
  const model = isBertWordPiece(json) ? wordPieceModel(json, tokens) : undefined;
  const config = pinnedConfig(files['tokenizer_config.json'], folder, model, specialIds);
  return {
    ...(model && { 'vocab.txt': vocabularyText(tokens) }),
    ...(model && { 'tokenizer_config.json': config }),
    ...files,
    'tokenizer_config.json': config,
    ...(files['tokenizer.json'] === undefined && {
      'tokenizer.json': model ? bertTokenizerJson(model, settings) : JSON.stringify(completeJson(json)),
    }),
  };
}

/** A tokenizer_config.json that names the class, and the special tokens that the class does not define. */
function pinnedConfig(
  text: string | undefined,
  { json, tokens, settings, className }: TokenizerFolder,
  model: WordPieceModel | undefined,
  specialIds: SpecialIds,
): string {
  const config = text === undefined ? {} : parseObject(text, 'tokenizer_config.json');
  if (typeof config.tokenizer_class === 'string') return text!;
  if (text === undefined && className === 'BertTokenizer') return bertConfig(settings);
  if (text === undefined && model && isPlainBert(model, specialIds))
    return bertConfig(bertSettings(model, settings));
  // A named token becomes an added one, which a token of the model alone must not.
  const added = new Set(json.added_tokens?.map(({ content }) => content));
  const all = allTokens({ tokens, addedTokens: (json.added_tokens ?? []).map(addedToken) });
  const names: Record<string, string> = {};
  for (const [role, { key }] of Object.entries(SPECIAL_TOKENS)) {
    const token = all[specialIds[role as SpecialRole]];
    if (token !== undefined && added.has(token)) names[key] = token;
  }
  return `${JSON.stringify({ tokenizer_class: className, ...names, ...config }, null, 2)}\n`;
}

/** Whether BertTokenizer makes exactly this model from the vocabulary and its settings. */
function isPlainBert(model: WordPieceModel, specialIds: SpecialIds): boolean {
  const special = new Set(model.addedTokens.filter((token) => token.special).map(({ id }) => id));
  return (
    model.continuingSubwordPrefix === '##' &&
    model.maxInputCharsPerWord === 100 &&
    model.cleanText &&
    model.addedTokens.length > 0 &&
    Object.values(specialIds).every((id) => special.has(id)) &&
    Object.entries(SPECIAL_TOKENS).every(
      ([role, { usual }]) =>
        model.addedTokens.find(({ id }) => id === specialIds[role as SpecialRole])?.content === usual[0],
    )
  );
}

/** The settings with which BertTokenizer makes this model. */
function bertSettings(model: WordPieceModel, settings: TokenizerConfig): TokenizerConfig {
  return {
    ...settings,
    do_lower_case: model.lowercase,
    tokenize_chinese_chars: model.handleChineseChars,
    strip_accents: model.stripAccents === model.lowercase ? null : model.stripAccents,
  };
}

/** The tokenizer_config.json of a BERT tokenizer. */
export function bertConfig(settings: TokenizerConfig): string {
  const { do_lower_case = true, tokenize_chinese_chars = true, strip_accents = null } = settings;
  const names = Object.fromEntries(
    Object.values(SPECIAL_TOKENS).map(({ key, usual }) => [key, settings[key] ?? usual[0]]),
  );
  const own = { tokenizer_class: 'BertTokenizer', do_lower_case, tokenize_chinese_chars, strip_accents };
  return `${JSON.stringify({ ...own, ...names }, null, 2)}\n`;
}

/** Adds the parts that Rust tokenizers requires in a file. */
function completeJson({ added_tokens, normalizer, pre_tokenizer, decoder, model }: TokenizerJson): object {
  const head = { version: '1.0', truncation: null, padding: null, added_tokens };
  const stages = {
    normalizer: normalizer ?? null,
    pre_tokenizer: pre_tokenizer ?? null,
    post_processor: null,
  };
  const settings = { ...model };
  if (model.type === 'BPE') Object.assign(settings, { dropout: null, unk_token: model.unk_token ?? null });
  return { ...head, ...stages, decoder: decoder ?? null, model: settings };
}

/** The text of the tokenizer.json that transformers would make of a vocab.txt. */
function bertTokenizerJson(model: WordPieceModel, settings: TokenizerConfig): string {
  const { tokens } = model;
  const of = (role: SpecialRole) => specialToken(role, settings, (token) => tokens.includes(token));
  const [cls, sep] = [of('cls'), of('sep')];
  const sequence = (id: 'A' | 'B', type_id: number) => ({ Sequence: { id, type_id } });
  const mark = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const idOf = (content: string) =>
    model.addedTokens.find((token) => token.content === content)?.id ?? tokens.lastIndexOf(content);
  const named = (content: string) => ({ id: content, ids: [idOf(content)], tokens: [content] });
  const single = [mark(cls, 0), sequence('A', 0), mark(sep, 0)];
  const json = JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: model.addedTokens.map(addedTokenJson),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: model.cleanText,
      handle_chinese_chars: model.handleChineseChars,
      strip_accents: settings.strip_accents ?? null,
      lowercase: model.lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, sequence('B', 1), mark(sep, 1)],
      special_tokens: { [cls]: named(cls), [sep]: named(sep) },
    },
    decoder: { type: 'WordPiece', prefix: model.continuingSubwordPrefix, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: model.unkToken,
      continuing_subword_prefix: model.continuingSubwordPrefix,
      max_input_chars_per_word: model.maxInputCharsPerWord,
    },
  });
  // Built as text, since a large object is slow to build. If a token has two ids, readers take the later one.
  const entries: string[] = [];
  for (const [id, token] of tokens.entries())
    if (token !== undefined) entries.push(`${JSON.stringify(token)}:${id}`);
  return `${json.slice(0, -2)},"vocab":{${entries.join(',')}}}}`;
}
