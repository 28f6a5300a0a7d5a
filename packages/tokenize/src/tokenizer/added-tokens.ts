import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import { nameOf, type TokenizerClass, type TokenizerConfig } from './classes.js';
import { missing } from './special-tokens.js';
import { type AddedTokenJson, addedToken, isAddedToken, isObject, MAX_IDS } from './tokenizer-json.js';
import type { AddedToken } from './types.js';

/** The sources of a tokenizer's added tokens. */
export interface AddedTokenSources {
  where: string;
  /** undefined if tokenizer.json is used as it stands. */
  class: TokenizerClass | undefined;
  settings: TokenizerConfig;
  /** added_tokens of tokenizer.json. */
  json: readonly AddedTokenJson[];
  /** added_tokens.json: ids by token. */
  file: Readonly<Record<string, unknown>> | undefined;
  /** The model's vocabulary. */
  idOf(token: string): number | undefined;
  /** Number of tokens in the vocabulary. */
  size(): number;
}

/** A token as transformers holds it before Rust tokenizers gives it an id. */
type Candidate = Omit<AddedTokenJson, 'id'> & { /** The id that a file gives it. */ id?: number };

const NAMED = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

const REQUIRED = ['cls_token', 'sep_token', 'pad_token', 'unk_token', 'mask_token'];

/**
 * The added tokens as `AutoTokenizer` computes them: those of the files, then special tokens that are not among them,
 * in the order in which transformers 5.23 adds them. A token of the vocabulary keeps its id, any other gets the next
 * one.
 * @returns `conflict` is an error to throw if a file gives a token another id than that
 */
export function addedTokens(sources: AddedTokenSources): {
  tokens: AddedToken[];
  conflict: InputError | undefined;
} {
  const { where, settings } = sources;
  const book = new Book(sources);
  // A tokenizer.json that is used as it stands adds its own tokens; other classes only know them from the list below.
  if (sources.class === undefined) for (const token of sources.json) book.add(token);
  const listed = listedTokens(sources);
  const byContent = new Map(listed.map((token) => [token.content, token]));
  const named = namedTokens(sources, byContent);
  const names = new Set(named.map(({ content }) => content));
  for (const token of listed) book.add(names.has(token.content) ? { ...token, special: true } : token);
  for (const token of [...named, ...extraTokens(settings, sources.class, where)]) {
    if (!book.has(token.content)) book.add(names.has(token.content) ? { ...token, special: true } : token);
  }
  return { tokens: book.tokens(), conflict: book.conflict };
}

/** The tokens added so far, numbered as by Rust tokenizers. */
class Book {
  private readonly added = new Map<string, AddedToken>();
  /**
   * The error for a token to which a file gives another id: a model trained with the file has that token's embedding
   * there.
   */
  conflict: InputError | undefined;
  private highest = -1;
  private modelSize: number | undefined;

  constructor(private readonly sources: AddedTokenSources) {}

  has(content: string): boolean {
    return this.added.has(content);
  }

  add(token: Candidate): void {
    const { content } = token;
    if (content === '') return;
    const id = this.added.get(content)?.id ?? this.sources.idOf(content) ?? this.next();
    if (token.id !== undefined && token.id !== id) {
      this.conflict ??= new InputError(
        `${this.sources.where}: the added token ${shown(content)} has the id ${token.id} in its files, but ${id} in transformers; correct the files`,
      );
    }
    this.highest = Math.max(this.highest, id);
    // The default of the normalized flag depends on whether the token was special at first.
    this.added.set(content, { ...addedToken({ normalized: !(token.special ?? false), ...token, id }) });
  }

  tokens(): AddedToken[] {
    return [...this.added.values()].sort((a, b) => a.id - b.id);
  }

  private next(): number {
    this.modelSize ??= this.sources.size();
    const id = Math.max(this.modelSize, this.highest + 1);
    if (id >= MAX_IDS) throw new InputError(`${this.sources.where}: more than ${MAX_IDS} ids`);
    return id;
  }
}

/** The tokens that the files list with ids, in the order of ids. */
function listedTokens({ where, settings, json, file }: AddedTokenSources): Candidate[] {
  const byId = new Map<number, Candidate>();
  const put = (id: unknown, token: Omit<AddedTokenJson, 'id'>, name: string) => {
    const number = typeof id === 'string' && /^\d+$/.test(id) ? Number(id) : id;
    if (!Number.isInteger(number) || (number as number) < 0 || (number as number) >= MAX_IDS)
      throw new InputError(
        `${where}: ${name} gives ${shown(token.content)} the id ${shown(id)}; expected a whole number below ${MAX_IDS}`,
      );
    byId.set(number as number, { ...token, id: number as number });
  };
  const decoder = settings.added_tokens_decoder;
  if (decoder !== undefined) {
    if (!isObject(decoder))
      throw new InputError(`${where}: added_tokens_decoder is ${shown(decoder)}, expected tokens by id`);
    for (const [id, token] of Object.entries(decoder)) {
      if (!isAddedToken(token))
        throw new InputError(
          `${where}: added_tokens_decoder contains ${shown(token)}; expected a content and its flags`,
        );
      put(id, token, 'added_tokens_decoder');
    }
  } else {
    const special = new Set(
      [...NAMED.map((name) => nameOf(settings[name])), ...listOf(settings.extra_special_tokens)].map(String),
    );
    for (const [content, id] of Object.entries(file ?? {}))
      put(id, { content, special: special.has(content) }, 'added_tokens.json');
    for (const token of json) put(token.id, token, 'tokenizer.json');
  }
  return [...byId.values()].sort((a, b) => a.id! - b.id!);
}

/** The special tokens of all roles, named by the settings or else by the class. */
function namedTokens(
  { settings, class: kind, where, idOf }: AddedTokenSources,
  listed: ReadonlyMap<string, Candidate>,
): Candidate[] {
  const own = Object.keys(settings).filter((key) => key.endsWith('_token') && !NAMED.includes(key));
  const extra = isObject(settings.extra_special_tokens) ? settings.extra_special_tokens : {};
  const values: [key: string, value: unknown][] = [
    ...NAMED.map((key): [string, unknown] => [key, key in settings ? settings[key] : kind?.tokens[key]]),
    ...own.filter((key) => isToken(settings[key])).map((key): [string, unknown] => [key, settings[key]]),
    ...Object.entries(extra),
  ];
  return values.flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    const content = nameOf(value);
    if (content === undefined || !isToken(value))
      throw new InputError(`${where}: ${key} is ${shown(value)}; expected a token`);
    const known = listed.get(content);
    if (known !== undefined) return [{ ...known, special: true }];
    // transformers would give it a new id, but a vocabulary that lacks a token of its own class is unfit for training.
    if (settings[key] === undefined && REQUIRED.includes(key) && idOf(content) === undefined)
      throw missing(where, key, content);
    if (typeof value === 'string') {
      // A class may define its token's flags even if the settings name the token.
      const usual = kind?.tokens[key];
      return [typeof usual === 'object' ? { ...usual, content } : { content, special: true }];
    }
    const { content: _, id: __, ...flags } = value as unknown as AddedTokenJson;
    return [{ ...flags, content }];
  });
}

function extraTokens(
  settings: TokenizerConfig,
  kind: TokenizerClass | undefined,
  where: string,
): Candidate[] {
  const given = settings.extra_special_tokens ?? settings.additional_special_tokens;
  if (isObject(given)) return [];
  if (given !== undefined && given !== null && !Array.isArray(given))
    throw new InputError(
      `${where}: additional_special_tokens are ${shown(given)}, expected a list of tokens`,
    );
  return ((given ?? kind?.extraTokens ?? []) as unknown[]).map((value) => {
    if (typeof value === 'string') return { content: value, special: true };
    if (!isAddedToken(value))
      throw new InputError(`${where}: additional_special_tokens contain ${shown(value)}; expected a token`);
    const { id: _, ...token } = value as AddedTokenJson;
    return token;
  });
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map((token) => nameOf(token) ?? '') : [];
}

function isToken(value: unknown): boolean {
  return typeof value === 'string' || isAddedToken(value);
}
