import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/dataset.fixture.js';
import { writeTinyModel } from '../testing/model.fixture.js';
import { MaskFiller } from './fill.js';

const words = ['the', 'sea', 'sky', 'is', 'wide', 'high', '.', '##ly'];
const vocabulary = (mask: string) => `${['[PAD]', '[UNK]', '[CLS]', '[SEP]', mask, ...words].join('\n')}\n`;
const [CLS, SEP, MASK] = [2, 3, 4];
const idOf = (word: string) => 5 + words.indexOf(word);

const folder = await temporaryFolder();
const models = { '[MASK]': folder.file('bert'), '<mask>': folder.file('other') };
beforeAll(async () => {
  for (const [mask, path] of Object.entries(models))
    await writeTinyModel(
      path,
      {},
      {
        'vocab.txt': vocabulary(mask),
        'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer', mask_token: mask }),
      },
    );
});
afterAll(() => folder.remove());

it.each([
  ['[MASK]', 'The sea is [MASK], the [MASK] high.'],
  ['<mask>', 'The sea is <mask>, the [MASK] high.'],
] as const)('a text whose tokenizer has %s is answered as its ids are, in tokens', async (mask, text) => {
  const filler = await MaskFiller.open(models[mask]);
  try {
    const comma = 1;
    const ids = [
      CLS,
      ...['the', 'sea', 'is'].map(idOf),
      MASK,
      comma,
      idOf('the'),
      MASK,
      ...['high', '.'].map(idOf),
      SEP,
    ];
    // The model has 37 ids, the tokenizer 13: the others are no answers.
    const expected = await filler.fill(ids, MASK, 100, (id) => id < 5 + words.length);
    const filled = await filler.fill(text, 100);
    expect(filled.map(({ position }) => position)).toEqual([4, 7]);
    expect(filled.map(({ answers }) => answers.map(({ id, probability }) => ({ id, probability })))).toEqual(
      expected,
    );
    expect(filled[0]!.answers).toHaveLength(5 + words.length);
    const wide = filled[0]!.answers.find(({ id }) => id === idOf('wide'))!;
    expect(wide.token).toBe('wide');
    expect(wide.sequence).toMatch(/^the sea is wide.*the .*mask.* high\.$/i);
    expect(filled[1]!.answers.find(({ id }) => id === idOf('##ly'))!.token).toBe('##ly');
    expect((await filler.fill(text))[0]!.answers).toEqual(filled[0]!.answers.slice(0, 5));
    const names = mask === '[MASK]' ? /has no \[MASK\]; put/ : /has no <mask> or \[MASK\]; put/;
    await expect(filler.fill('The sea.')).rejects.toThrow(names);
  } finally {
    await filler.dispose();
  }
});

it('a checkpoint without a tokenizer fills ids, and refuses text with the reason', async () => {
  const bare = folder.file('bare');
  await writeTinyModel(bare);
  const filler = await MaskFiller.open(bare);
  expect(await filler.fill([CLS, MASK, SEP], MASK)).toHaveLength(1);
  await expect(filler.fill('a [MASK]')).rejects.toThrow(/bare.*(vocab|tokenizer)/);
  await filler.dispose();
});
