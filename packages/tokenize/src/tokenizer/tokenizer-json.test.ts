import { readFileSync } from 'node:fs';
import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenizerFromDefinition } from './tokenizer.js';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8'));

const NAMES = [
  'tokenizers/tiny',
  'pipeline/roberta',
  'pipeline/modern',
  'pipeline/albert',
  'pipeline/deberta',
];
const known = Object.fromEntries(NAMES.map((name) => [name, read(name)]));

type Json = Record<string, unknown>;

/** Loads a tokenizer.json and encodes a text; returns the message of a refusal. */
function outcome(json: unknown, config?: unknown): string | undefined {
  const files: Record<string, string> = { 'tokenizer.json': JSON.stringify(json) ?? 'null' };
  if (config !== undefined) files['tokenizer_config.json'] = JSON.stringify(config) ?? 'null';
  try {
    const tokenizer = tokenizerFromDefinition({ name: 'tokenizer.json', files });
    const text = Buffer.from('In the beginning God said [MASK] <mask> café 中文 it is 12!\n');
    const { ids } = tokenizer.encoder().encode(text, { document: 'none' });
    expect([...ids].filter((id) => !(id >= 0 && id < tokenizer.vocabularySize))).toEqual([]);
    expect(tokenizer.vocabularySize).toBeLessThanOrEqual(1 << 22);
    tokenizer.decode([...ids]);
    void tokenizer.files;
    return undefined;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).not.toMatch(/[\n\r\u2028\u2029]/);
    expect(error.message.length).toBeLessThan(400);
    return error.message;
  }
}

const value = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    '',
    'x\ny',
    [],
    {},
    0,
    -1,
    1.5,
    2 ** 31,
    2e8,
    1e300,
    2 ** 53,
    [null],
    [1, 2],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A copy of a JSON value with what lies at a random path replaced or removed. */
function mutate(json: unknown, steps: readonly number[], put: unknown, removes: boolean): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof json !== 'object' || json === null) return put;
  const keys = Object.keys(json);
  if (keys.length === 0) return put;
  const key = keys[step % keys.length]!;
  const copy = (Array.isArray(json) ? [...json] : { ...json }) as Json;
  if (removes && rest.length === 0) delete copy[key];
  else copy[key] = mutate(copy[key], rest, put, removes);
  return Array.isArray(json) ? Object.values(copy) : copy;
}

describe('a damaged tokenizer.json', () => {
  it('is read within its bounds or refused in one line, whatever stands in it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        fc.array(fc.nat({ max: 1 << 20 }), { minLength: 1, maxLength: 5 }),
        value,
        fc.boolean(),
        (name, steps, put, removes) => void outcome(mutate(known[name], steps, put, removes)),
      ),
      { numRuns: Number(process.env.MUTANTS ?? 400) },
    );
  });

  it('is refused for settings of any shape, in one line, or read', () => {
    const settings = ['tokenizer_class', 'mask_token', 'added_tokens_decoder', 'additional_special_tokens'];
    const more = [
      'extra_special_tokens',
      'do_lower_case',
      'strip_accents',
      'never_split',
      'add_prefix_space',
      'auto_map',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        fc.constantFrom(...settings, ...more),
        value,
        (name, key, put) => {
          for (const kind of ['BertTokenizer', 'RobertaTokenizer', 'AlbertTokenizer', undefined])
            outcome(known[name], { tokenizer_class: kind, [key]: put });
        },
      ),
      { numRuns: Number(process.env.MUTANTS ?? 100) },
    );
  });

  const tiny = known['tokenizers/tiny'];
  const withAdded = (token: Json) => ({ ...tiny, added_tokens: [...tiny.added_tokens, token] });
  const withVocabulary = (vocab: unknown) => ({ ...tiny, model: { ...tiny.model, vocab } });
  const withUnknown = (unk_token: string) => ({ ...tiny, model: { ...tiny.model, unk_token } });

  it.each<[string, unknown, RegExp]>([
    [
      'an added id of 2·10⁸',
      withAdded({ id: 2e8, content: 'x' }),
      /the id of "x" is 200000000; expected a whole number below 4194304/,
    ],
    ['an added id of 2³¹', withAdded({ id: 2 ** 31, content: 'x' }), /2147483648; expected a whole number/],
    ['a negative id', withVocabulary({ ...tiny.model.vocab, x: -1 }), /the id of "x" is -1; expected/],
    ['a fractional id', withVocabulary({ ...tiny.model.vocab, x: 1.5 }), /the id of "x" is 1.5; expected/],
    ['an id twice', withVocabulary({ ...tiny.model.vocab, x: 1 }), /and "x" both have the id 1/],
    ['an added id in use', withAdded({ id: 1, content: 'x' }), /and "x" both have the id 1/],
    [
      'an added id after a hole',
      withAdded({ id: 4000, content: 'x' }),
      /has the id 4000 in its files, but \d+ in transformers/,
    ],
    ['a vocabulary that is a list', withVocabulary([['a', 0]]), /its vocabulary is a list/],
    ['an unknown token without a name', withUnknown(''), /the vocabulary has no "" \(unk_token\)/],
    [
      'an unknown token that is only added',
      withUnknown('oui'),
      /the vocabulary has no oui \(unk_token\), which masked/,
    ],
    [
      'an unknown token that a BPE vocabulary lacks',
      {
        ...known['pipeline/roberta'],
        model: {
          ...known['pipeline/roberta'].model,
          unk_token: '<mask>',
          vocab: Object.fromEntries(
            Object.entries(known['pipeline/roberta'].model.vocab).filter(
              ([token]) => token !== '!' && token !== '<mask>',
            ),
          ),
        },
      },
      /neither a token for each byte nor an unk_token in its vocabulary/,
    ],
    ['a token of two lines', withVocabulary({ 'a\nb': -3 }), /the id of "a b" is -3/],
    [
      'merges of three parts',
      { ...known['pipeline/roberta'], model: { ...known['pipeline/roberta'].model, merges: ['a b c'] } },
      /merge 0 is "a b c"; expected two tokens/,
    ],
    [
      'merges without a token',
      { ...known['pipeline/roberta'], model: { ...known['pipeline/roberta'].model, merges: ['q zz9'] } },
      /merge 0 is .* the vocabulary has no token "zz9"/,
    ],
  ])('is refused for %s', (_, json, message) => {
    expect(outcome(json)).toMatch(message);
  });
});

describe('a tokenizer of another’s making', () => {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const load = (files: Record<string, string>) => tokenizerFromDefinition({ name: 'given', files });
  const vocabulary = { 'vocab.txt': [...special, 'in', 'the'].join('\n') };
  const deep = '['.repeat(5_000_000);

  it.each([
    ['a tokenizer.json', { 'tokenizer.json': deep }, 'tokenizer.json'],
    ['a model', { 'tokenizer.json': `{"model": ${deep}${deep.replaceAll('[', ']')}}` }, 'tokenizer.json'],
    [
      'a tokenizer_config.json',
      { ...vocabulary, 'tokenizer_config.json': `{"x": ${deep}` },
      'tokenizer_config.json',
    ],
    [
      'a special_tokens_map.json',
      { ...vocabulary, 'special_tokens_map.json': deep },
      'special_tokens_map.json',
    ],
    ['an added_tokens.json', { ...vocabulary, 'added_tokens.json': deep }, 'added_tokens.json'],
    ['a vocab.json', { 'vocab.json': deep, 'merges.txt': '' }, 'vocab.json'],
  ])('may not hold millions of lists inside one another: %s', (_, files, name) => {
    expect(() => load(files)).toThrow(
      `given: ${name}: not JSON that can be read: its values are more than 128 deep inside one another`,
    );
  });

  it('may hold values of any length where others are expected, of which the message shows the beginning', () => {
    const vocab = Object.fromEntries(special.map((token, id) => [token, id]));
    const model = {
      type: 'WordPiece',
      vocab: { ...vocab, ['a'.repeat(10_000_000)]: ['b'.repeat(10_000_000)] },
    };
    const text = JSON.stringify({ model });
    expect(() => load({ 'tokenizer.json': text })).toThrow(
      /^given: the id of "a{59}… is \["b{58}…; expected/,
    );
  });

  it('may add more tokens than a call takes arguments', () => {
    const added = Object.fromEntries(Array.from({ length: 150_000 }, (_, i) => [`<${i}>`, 7 + i]));
    const tokenizer = load({ ...vocabulary, 'added_tokens.json': JSON.stringify(added) });
    const { ids } = tokenizer.encoder().encode(Buffer.from('in <149999> the <3>'), { document: 'none' });
    expect([...ids]).toEqual([5, 150_006, 6, 10]);
  });
});
