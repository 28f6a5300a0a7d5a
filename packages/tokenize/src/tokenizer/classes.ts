import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import { type ComponentJson, isObject, type TokenizerJson } from './tokenizer-json.js';
import { classAliases, knownClasses, misnamedModels, modelClasses } from './transformers.generated.js';

/** The merged settings of tokenizer_config.json and special_tokens_map.json. */
export type TokenizerConfig = Readonly<Record<string, unknown>>;

/** A token that a class defines, with its flags. */
export interface NamedToken {
  content: string;
  lstrip?: boolean;
  normalized?: boolean;
  special?: boolean;
}

/** How a tokenizer class of transformers builds a tokenizer from a vocabulary, ignoring the rest of tokenizer.json. */
export interface TokenizerClass {
  model: TokenizerJson['model']['type'];
  /** Settings of the model, without its vocabulary. */
  modelSettings(settings: TokenizerConfig, model: TokenizerJson['model']): object;
  normalizer(settings: TokenizerConfig, json: TokenizerJson | undefined): ComponentJson | null;
  preTokenizer(settings: TokenizerConfig): ComponentJson;
  decoder(settings: TokenizerConfig): ComponentJson;
  /** Its special tokens, unless a file names others. */
  tokens: Readonly<Record<string, string | NamedToken>>;
  /** Further special tokens, unless a file names some. */
  extraTokens?: readonly string[];
}

const BERT: TokenizerClass = {
  model: 'WordPiece',
  modelSettings: (settings) => ({ unk_token: nameOf(settings.unk_token) ?? '[UNK]' }),
  normalizer: (settings) => ({
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: flag(settings, 'tokenize_chinese_chars', true),
    strip_accents: settings.strip_accents == null ? null : flag(settings, 'strip_accents', false),
    lowercase: flag(settings, 'do_lower_case', true),
  }),
  preTokenizer: () => ({ type: 'BertPreTokenizer' }),
  decoder: () => ({ type: 'WordPiece', prefix: '##', cleanup: true }),
  tokens: {
    unk_token: '[UNK]',
    sep_token: '[SEP]',
    pad_token: '[PAD]',
    cls_token: '[CLS]',
    mask_token: '[MASK]',
  },
};

const SENTENCE = {
  bos_token: '<s>',
  eos_token: '</s>',
  sep_token: '</s>',
  cls_token: '<s>',
  pad_token: '<pad>',
};
const plain = (content: string): NamedToken => ({ content, normalized: true, special: false });

const MPNET: TokenizerClass = {
  ...BERT,
  tokens: {
    ...Object.fromEntries(Object.entries(SENTENCE).map(([name, content]) => [name, plain(content)])),
    unk_token: plain('[UNK]'),
    mask_token: { ...plain('<mask>'), lstrip: true },
  },
};

const ROBERTA: TokenizerClass = {
  model: 'BPE',
  modelSettings: () => ({ fuse_unk: false }),
  normalizer: () => null,
  preTokenizer: (settings) => ({
    type: 'ByteLevel',
    add_prefix_space: flag(settings, 'add_prefix_space', false),
    trim_offsets: true,
    use_regex: true,
  }),
  decoder: () => ({ type: 'ByteLevel' }),
  tokens: { ...SENTENCE, unk_token: '<unk>', mask_token: '<mask>' },
};

const XLM_ROBERTA: TokenizerClass = {
  model: 'Unigram',
  modelSettings: () => ({ unk_id: 3 }),
  normalizer: (_, json) => precompiled(json),
  preTokenizer: (settings) => ({
    type: 'Sequence',
    pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace(settings, 'never')],
  }),
  decoder: (settings) => metaspace(settings, 'never'),
  tokens: { ...SENTENCE, unk_token: '<unk>', mask_token: '<mask>' },
};

const CAMEMBERT: TokenizerClass = {
  ...XLM_ROBERTA,
  modelSettings: (settings, model) => ({
    unk_id: firstOf(model, nameOf(settings.unk_token) ?? '<unk>') ?? 0,
  }),
  tokens: { ...SENTENCE, unk_token: '<unk>', mask_token: { content: '<mask>', lstrip: true, special: true } },
  extraTokens: ['<s>NOTUSED', '</s>NOTUSED', '<unk>NOTUSED'],
};

const ALBERT: TokenizerClass = {
  ...XLM_ROBERTA,
  modelSettings: () => ({ unk_id: 1 }),
  normalizer(settings, json) {
    const map = precompiled(json);
    const normalizers: ComponentJson[] = [
      { type: 'Replace', pattern: { String: '``' }, content: '"' },
      { type: 'Replace', pattern: { String: "''" }, content: '"' },
    ];
    if (!flag(settings, 'keep_accents', false)) normalizers.push({ type: 'NFKD' }, { type: 'StripAccents' });
    if (flag(settings, 'do_lower_case', true)) normalizers.push({ type: 'Lowercase' });
    if (map !== null) normalizers.push(map);
    return { type: 'Sequence', normalizers };
  },
  tokens: {
    ...BERT.tokens,
    bos_token: '[CLS]',
    eos_token: '[SEP]',
    unk_token: '<unk>',
    pad_token: '<pad>',
  },
};

const DEBERTA_V2: TokenizerClass = {
  ...ALBERT,
  modelSettings: (settings, model) => ({
    unk_id:
      firstOf(model, nameOf(settings.unk_token) ?? '[UNK]', 0) ??
      (settings.unk_id as number | undefined) ??
      1,
  }),
  normalizer(settings) {
    const normalizers: ComponentJson[] = [
      { type: 'Replace', pattern: { Regex: '\\s{2,}|[\\n\\r\\t]' }, content: ' ' },
      { type: 'NFC' },
      { type: 'Strip', strip_left: false, strip_right: true },
    ];
    if (flag(settings, 'do_lower_case', false)) normalizers.unshift({ type: 'Lowercase' });
    return { type: 'Sequence', normalizers };
  },
  preTokenizer(settings) {
    if (flag(settings, 'split_by_punct', false)) throw new SettingError('split_by_punct', true);
    return { type: 'Sequence', pretokenizers: [metaspace(settings, 'first')] };
  },
  decoder: (settings) => metaspace(settings, 'first'),
  tokens: { ...BERT.tokens, bos_token: '[CLS]', eos_token: '[SEP]' },
};

/**
 * The supported tokenizer classes of transformers 5, each as its `__init__` builds it. To support another one, add it
 * to this table.
 */
const CLASSES: Readonly<Record<string, TokenizerClass>> = {
  BertTokenizer: BERT,
  ConvBertTokenizer: BERT,
  DistilBertTokenizer: BERT,
  MPNetTokenizer: MPNET,
  RobertaTokenizer: ROBERTA,
  XLMRobertaTokenizer: XLM_ROBERTA,
  CamembertTokenizer: CAMEMBERT,
  AlbertTokenizer: ALBERT,
  DebertaV2Tokenizer: DEBERTA_V2,
};

/** The class that reads a tokenizer.json as it stands. */
export const AS_IT_STANDS = 'PreTrainedTokenizerFast';

/** Thrown for a setting whose value is not supported. */
export class SettingError extends Error {
  constructor(
    readonly setting: string,
    readonly value: unknown,
  ) {
    super();
  }
}

/**
 * The class that `AutoTokenizer` chooses, and how it builds; undefined for one that reads tokenizer.json as it stands.
 * @param named the class of tokenizer_config.json, else of config.json
 * @param model the model type of config.json
 * @throws InputError for a class that transformers knows and this project does not support
 */
export function tokenizerClass(
  named: string | undefined,
  model: string | undefined,
  where: string,
): { name: string; class: TokenizerClass | undefined } {
  const name = className(named, model);
  if (name === 'TokenizersBackend') return { name: AS_IT_STANDS, class: undefined };
  const found = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  if (found === undefined) {
    throw new InputError(
      `${where}: its tokenizer class ${shown(name, '')} is not supported; supported are ${AS_IT_STANDS} (tokenizer.json as it stands), ${Object.keys(CLASSES).join(', ')}`,
    );
  }
  return { name, class: found };
}

/** As chosen by `AutoTokenizer.from_pretrained` of transformers 5.23. */
function className(named: string | undefined, model: string | undefined): string {
  const registered =
    model !== undefined && Object.hasOwn(modelClasses, model) ? modelClasses[model]! : undefined;
  if (named === undefined) return registered === undefined ? 'TokenizersBackend' : known(registered);
  const same = registered === undefined || registered === withoutFast(named);
  if (same) return known(named);
  if (registered === 'TokenizersBackend') return registered;
  return known(misnamedModels.includes(model!) ? registered : named);
}

/** The name behind an alias; an unknown class reads tokenizer.json as it stands. */
function known(name: string): string {
  const short = withoutFast(name);
  for (const each of [name, short]) {
    if (Object.hasOwn(classAliases, each)) return classAliases[each]!;
    if (knownClasses.includes(each)) return each;
  }
  return 'TokenizersBackend';
}

function withoutFast(name: string): string {
  return name.replace(/Fast$/, '');
}

/** A setting that is true or false. @throws SettingError for another value */
function flag(settings: TokenizerConfig, name: string, usual: boolean): boolean {
  const value = settings[name];
  if (value === undefined) return usual;
  if (typeof value !== 'boolean') throw new SettingError(name, value);
  return value;
}

/** The text of a special token, which is given as a string or with its flags. */
export function nameOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isObject(value) && typeof value.content === 'string' ? value.content : undefined;
}

function metaspace(settings: TokenizerConfig, without: 'never' | 'first'): ComponentJson {
  const prepend_scheme = flag(settings, 'add_prefix_space', true) ? 'always' : without;
  return { type: 'Metaspace', replacement: '▁', prepend_scheme, split: true };
}

/** The map of characters, the only stage taken from tokenizer.json. */
function precompiled(json: TokenizerJson | undefined): ComponentJson | null {
  const normalizer = json?.normalizer;
  if (!normalizer) return null;
  const steps = normalizer.type === 'Sequence' ? (normalizer.normalizers as ComponentJson[]) : [normalizer];
  return steps.find(({ type }) => type === 'Precompiled') ?? null;
}

/** The id of the first token of this text, and of this score if one is given. */
function firstOf(model: TokenizerJson['model'], text: string, score?: number): number | undefined {
  if (model.type !== 'Unigram') return undefined;
  const is = ([token, value]: [string, number]) => token === text && (score ?? value) === value;
  const id = model.vocab.findIndex(is);
  return id < 0 ? undefined : id;
}
