import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../tokenizer/load.js';
import { tokenizerFromDefinition } from '../tokenizer/tokenizer.js';
import { type TrainedVocabulary, trainVocabulary } from './train-vocabulary.js';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const UNKNOWN = 1;

const fixture = (name: string) => new URL(`../../fixtures/vocabulary/${name}`, import.meta.url);

function idsOf({ files }: TrainedVocabulary, text: Uint8Array | string): Int32Array {
  const encoder = tokenizerFromDefinition({ name: 'trained', files }).encoder();
  return encoder.encode(Buffer.from(text), { document: 'none' }).ids.slice();
}

describe('trainVocabulary', () => {
  let text: Uint8Array;
  beforeAll(async () => {
    text = await readFile(fixture('text.txt'));
  });

  it("learns what Rust tokenizers' trainer learns: its pieces, and as few tokens", async () => {
    const cases = JSON.parse(await readFile(fixture('oracle.json'), 'utf8')) as {
      size: number;
      tokens: number;
      pieces: string[];
    }[];
    expect(cases).toHaveLength(3);
    for (const { size, tokens, pieces } of cases) {
      const trained = await trainVocabulary([text], { size });
      expect(trained.pieces).toHaveLength(pieces.length);
      const shared = trained.pieces.filter((piece) => pieces.includes(piece)).length;
      expect(shared / pieces.length).toBeGreaterThan(0.98);
      expect(idsOf(trained, text).length / tokens).toBeLessThan(1.01);
    }
  });

  it('begins with the special tokens, then characters, then ## characters', async () => {
    const { pieces } = await trainVocabulary(['ab ba é 中 ab'].map(Buffer.from), {
      specialTokens: ['[DOC]'],
    });
    expect(pieces).toEqual([...SPECIAL, '[DOC]', 'a', 'b', 'e', '中', '##a', '##b', 'ab']);
  });

  it('does not depend on where the texts are cut, as long as it is between words', async () => {
    const whole = await trainVocabulary([text], { size: 1500 });
    const lines = Buffer.from(text).toString().split('\n').map(Buffer.from);
    const cut = await trainVocabulary(lines, { size: 1500 });
    expect(cut.pieces).toEqual(whole.pieces);
  });

  it('gives pieces to every word whose characters are in the alphabet', async () => {
    const character = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...'abcAB  .,') },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: character, minLength: 1, maxLength: 80 }),
        fc.boolean(),
        async (words, lowercase) => {
          const training = trainVocabulary([Buffer.from(`${words} a`)], { size: 400, lowercase });
          expect(idsOf(await training, `${words} a`)).not.toContain(UNKNOWN);
        },
      ),
    );
  });

  it('ends soon after its signal, also while pieces are learnt', async () => {
    const controller = new AbortController();
    // Words without any pattern, so that learning goes on for long after reading.
    const words = Array.from({ length: 60_000 }, (_, i) => ((i + 1) * 7919 ** 2).toString(26)).join(' ');
    async function* texts() {
      yield Buffer.from(words);
      setImmediate(() => controller.abort());
    }
    const training = trainVocabulary(texts(), { size: 200_000, minFrequency: 1, signal: controller.signal });
    await expect(training).rejects.toThrow(/aborted/);
  });

  it('keeps to the alphabet limit: the rarer characters make a word unknown', async () => {
    const trained = await trainVocabulary([Buffer.from('yz yz yz ayz')], { limitAlphabet: 2 });
    expect(trained.pieces).toEqual([...SPECIAL, 'y', 'z', '##z', 'yz']);
    expect([...idsOf(trained, 'yz ayz')]).toEqual([8, UNKNOWN]);
  });

  it('merges no pair below the minimal frequency', async () => {
    const texts = [Buffer.from('xy xy xy pq pq')];
    expect((await trainVocabulary(texts, { minFrequency: 3 })).pieces).not.toContain('pq');
    expect((await trainVocabulary(texts, { minFrequency: 2 })).pieces).toContain('pq');
  });

  it.each([
    [{ size: 8 }, 'vocabulary size 8: the special tokens and the alphabet of this text already take 10'],
    [{ size: 0.5 }, 'size is 0.5, expected a whole number of at least 1'],
    [{ maxWords: 0 }, 'maxWords is 0, expected'],
  ])('refuses %o', async (options, message) => {
    const training = trainVocabulary([Buffer.from('abc')], options);
    await expect(training).rejects.toThrow(InputError);
    await expect(training).rejects.toThrow(message);
  });

  it('refuses a text without words', async () => {
    await expect(trainVocabulary([Buffer.from(' \n')])).rejects.toThrow('the input contains no words');
  });
});

describe('the files of a trained vocabulary', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlm-vocabulary-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([true, false])('make a tokenizer folder, lowercase %s', async (lowercase) => {
    const texts = [Buffer.from('AB AB ab ab')];
    const { files, pieces } = await trainVocabulary(texts, { lowercase, specialTokens: ['[DOC]'] });
    expect(Object.keys(files).sort()).toEqual(['tokenizer.json', 'tokenizer_config.json', 'vocab.txt']);
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer).toMatchObject({
      vocabularySize: pieces.length,
      specialIds: { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 },
      protectedIds: [0, 1, 2, 3, 4, 5],
    });
    const { ids } = tokenizer.encoder().encode(Buffer.from('AB[DOC]ab'), { document: 'none' });
    expect(ids[1]).toBe(5);
    expect(ids[0] === ids[2]).toBe(lowercase);
  });
});
