import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadTokenizer } from './load.js';
import { tokenizerFromDefinition } from './tokenizer.js';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-tokenizer-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | object): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const vocabulary = (...tokens: string[]) => [...SPECIAL, ...tokens].map((token) => `${token}\n`).join('');

async function idsOf(path: string, text: string, lowercase?: boolean) {
  const tokenizer = await loadTokenizer(path, lowercase === undefined ? {} : { lowercase });
  return [...tokenizer.encoder().encode(Buffer.from(text), { document: 'none' }).ids];
}

describe('loadTokenizer', () => {
  it('loads the bundled bert-base-uncased', async () => {
    const tokenizer = await loadTokenizer();
    expect(tokenizer).toMatchObject({
      name: 'bert-base-uncased',
      sha256: '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3',
      vocabularySize: 30522,
      specialIds: { cls: 101, sep: 102, pad: 0, unk: 100, mask: 103 },
      protectedIds: [0, 100, 101, 102, 103],
    });
    expect(Object.keys(tokenizer.files).sort()).toEqual([
      'tokenizer.json',
      'tokenizer_config.json',
      'vocab.txt',
    ]);
  });

  it('lowercases a vocab.txt by default, unless its configuration or the option says otherwise', async () => {
    const path = await file('vocab.txt', vocabulary('Cat', 'cat', 'é', 'e'));
    expect(await idsOf(path, 'Cat é')).toEqual([6, 8]);
    expect(await idsOf(path, 'Cat é', false)).toEqual([5, 7]);
    await file('tokenizer_config.json', { do_lower_case: false });
    expect(await idsOf(path, 'Cat é')).toEqual([5, 7]);
    expect(await idsOf(folder, 'Cat é')).toEqual([5, 7]);
    await file('tokenizer_config.json', { strip_accents: false });
    expect(await idsOf(folder, 'Cat é')).toEqual([6, 7]);
  });

  it('keeps the words of ideographs together when the configuration says so', async () => {
    await file('vocab.txt', vocabulary('中', '##中'));
    expect(await idsOf(folder, '中中')).toEqual([5, 5]);
    await file('tokenizer_config.json', { tokenize_chinese_chars: false });
    expect(await idsOf(folder, '中中')).toEqual([5, 6]);
  });

  it('prefers the tokenizer.json of a folder, with its own pieces, limits and added tokens', async () => {
    await file('vocab.txt', vocabulary('unused'));
    const vocab = Object.fromEntries([...SPECIAL, 'ab', '@@c'].map((token, id) => [token, id]));
    const added = [
      ...SPECIAL.map((content, id) => ({ id, content, special: true })),
      { id: 7, content: '<x>', special: true },
    ];
    await file('tokenizer.json', {
      added_tokens: added,
      normalizer: { type: 'BertNormalizer' },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      model: { vocab, continuing_subword_prefix: '@@', max_input_chars_per_word: 4 },
    });
    expect(await idsOf(folder, 'abcc abccc<x>AB')).toEqual([5, 6, 6, 1, 7, 5]);
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.vocabularySize).toBe(8);
    expect(tokenizer.protectedIds).toEqual([0, 1, 2, 3, 4, 7]);
    expect(tokenizer.decode([5, 6, 7])).toBe('abc <x>');
    expect(() => tokenizer.idToToken(8)).toThrow(RangeError);
  });

  it('is rebuilt from its definition', async () => {
    const tokenizer = await loadTokenizer(await file('vocab.txt', vocabulary('word', '##s')));
    const again = tokenizerFromDefinition(structuredClone(tokenizer.definition()));
    const functions = { encoder: 0, hasToken: 0, encoderSource: 0, idToToken: 0, decode: 0, definition: 0 };
    expect({ ...again, ...functions }).toEqual({ ...tokenizer, ...functions });
    expect([...again.encoder().encode(Buffer.from('Words'), { document: 'none' }).ids]).toEqual([5, 6]);
  });

  it.each(SPECIAL)('refuses a vocabulary without %s', async (missing) => {
    const path = await file('vocab.txt', vocabulary('word').replace(`${missing}\n`, ''));
    const loading = loadTokenizer(path);
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(missing);
  });

  it("says how to convert a vocabulary in SentencePiece's own format", async () => {
    const alone = join(folder, 'sentencepiece');
    await mkdir(alone);
    await writeFile(join(alone, 'spiece.model'), Buffer.from([10, 14, 10, 5]));
    for (const source of [alone, join(alone, 'spiece.model')])
      await expect(loadTokenizer(source)).rejects.toThrow(
        `${alone}: spiece.model is in SentencePiece's format, expected tokenizer.json; convert it: python -c ` +
          `"from transformers import AutoTokenizer as T; T.from_pretrained('${alone}')`,
      );
  });

  it('names what it cannot load', async () => {
    await expect(loadTokenizer(join(folder, 'none'))).rejects.toThrow(/none: no such tokenizer/);
    await expect(loadTokenizer(folder)).rejects.toThrow(/neither tokenizer.json nor vocab.txt/);
    await expect(loadTokenizer(await file('empty.txt', ''))).rejects.toThrow(InputError);
    await expect(loadTokenizer(await file('tokenizer.json', '{'))).rejects.toThrow(
      /tokenizer.json: not JSON/,
    );
    await expect(loadTokenizer(await file('tokenizer.json', '{}'))).rejects.toThrow(/no model/);
  });

  it('names the file of a folder that cannot be read, and waits for no pipe', async () => {
    const inner = await mkdtemp(join(folder, 'inner-'));
    const name = basename(inner);
    await writeFile(join(inner, 'tokenizer.json'), 'null');
    await expect(loadTokenizer(inner)).rejects.toThrow(
      `${name}: tokenizer.json: expected a JSON object, found null`,
    );
    await rm(join(inner, 'tokenizer.json'));
    await symlink('tokenizer.json', join(inner, 'tokenizer.json'));
    await expect(loadTokenizer(inner)).rejects.toThrow(/tokenizer\.json: cannot be read \(ELOOP\)$/);
    await expect(loadTokenizer(join(inner, 'tokenizer.json'))).rejects.toThrow(/no such tokenizer/);
    await rm(join(inner, 'tokenizer.json'));
    execFileSync('mkfifo', [join(inner, 'tokenizer.json')]);
    await expect(loadTokenizer(inner)).rejects.toThrow(
      /tokenizer\.json: is a pipe or a device, expected a file$/,
    );
    await rm(join(inner, 'tokenizer.json'));
    await mkdir(join(inner, 'vocab.txt'));
    await expect(loadTokenizer(inner)).rejects.toThrow(/vocab\.txt: is a folder, expected a file$/);
  });

  it.each([
    [33, 'deep.json: its normalizer has more than 32 sequences inside one another'],
    [50_000, 'deep.json: not JSON that can be read: its values are more than 128 deep inside one another'],
  ])('refuses %d stages inside one another', async (depth, message) => {
    const sequence = '{"type":"Sequence","normalizers":[';
    const normalizer = `${sequence.repeat(depth)}{"type":"Lowercase"}${']}'.repeat(depth)}`;
    const path = await file(
      'deep.json',
      `{"model":{"type":"WordPiece","vocab":{}},"normalizer":${normalizer}}`,
    );
    await expect(loadTokenizer(path)).rejects.toThrow(message);
  });
});
