import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../tokenizer/load.js';
import { pipelineStages } from '../tokenizer/pipeline.js';
import type { DocumentMode } from '../tokenizer/types.js';
import { NativeEncoder } from './native.js';
import { PipelineEncoder } from './pipeline.js';
import { encoderFrom } from './source.js';

const NAMES = ['roberta', 'roberta-prefix', 'modern', 'folded', 'xlm-roberta', 'albert', 'deberta'];
/** Shaped as the public tokenizers of today: see fixtures/native/make_native.py. */
const PUBLIC = [
  ...['modernbert', 'llama', 'qwen', 'xlm-r', 'camembert', 'albert-v2', 'deberta-v2-class', 'deberta-v3'],
];
const fixture = (name: string) =>
  new URL(`../../fixtures/${PUBLIC.includes(name) ? 'native' : 'pipeline'}/${name}.json`, import.meta.url)
    .pathname;

const mode = fc.constantFrom<DocumentMode[]>('none', 'line', 'blank-line');
const words = fc.constantFrom(
  ...['the', 'The', 'God', "don't", "I'LL", "'s", "'ſ", 'unto', 'Jehovah', 'xJehovah', '1234567', '1,234.5'],
  ...['<mask>', '[MASK]', ' <mask> ', '<s>', '</s>', '<unk>', '[SEP]', '<x y>', '<x y>  ', '<', '[MAS'],
  ...['``', "''", "'", '`', "'''", '▁', '▁▁', '▁the', 'Ġ', '--', '...', '!?', '(', ')', '_', '$5', '{', '};'],
  ...['|||EMAIL_ADDRESS|||', '|||', 'begotten', ' begotten', '[unused3]', "'Re", '=='],
);
const blanks = fc.constantFrom(
  ...[' ', ' ', ' ', '  ', '   ', '\n', '\r\n', '\n\n', '\n \t\n', '\r', '\t', '\f', '\v', '\u00a0'],
  ...['\u2003', '\u2028', '\u3000', '\u0085', ' '.repeat(25), '\n\u3000\n', ' \n '],
);
const foreign = fc.string({
  unit: fc.constantFrom(
    ...'éèüñçÅßøżЖёйΣςάאבعربकिทำ한글각가中文字𠀀がカ，。！「」ﬁ①½℃ｆ™…²Ⅻ٣１ſKİ',
    ...['\u0301', '\u0323', '\u0345', '\u200d', '\u00ad', '\0', '\u0001', '\ufffd', '\ufeff', '\u3099'],
    ...['ᄀ', 'ᅡ', 'ᆨ', 'ㄱ', 'ｶ', '\uff9e', '🇫', '🇷', '👩', '👍🏽', 'क्', 'ष', '\u0e33', '\u0600', '\u0d4e'],
    ...['\u{16d67}', '\u{1d165}', '\u0f73'],
  ),
  maxLength: 20,
});
const piece = fc.oneof(
  { weight: 5, arbitrary: words },
  { weight: 6, arbitrary: blanks },
  { weight: 3, arbitrary: foreign },
  {
    weight: 2,
    arbitrary: fc.string({ unit: fc.constantFrom(...'abcdeXYZ019'), minLength: 1, maxLength: 90 }),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
const text = fc.array(piece, { maxLength: 50 }).map((pieces) => Buffer.from(pieces.join('')));
const bytes = fc.oneof(
  { weight: 6, arbitrary: text },
  {
    weight: 1,
    arbitrary: fc.tuple(text, fc.uint8Array({ maxLength: 6 }), text).map((parts) => Buffer.concat(parts)),
  },
);

async function encoders(name: string) {
  const tokenizer = await loadTokenizer(fixture(name));
  const native = tokenizer.encoder();
  expect(native).toBeInstanceOf(NativeEncoder);
  return { tokenizer, native, stages: new PipelineEncoder(pipelineStages(tokenizer.definition())) };
}

describe.each([...NAMES, ...PUBLIC])('the encoder of %s', (name) => {
  it('equals the stages in TypeScript', async () => {
    const { native, stages } = await encoders(name);
    fc.assert(
      fc.property(bytes, mode, (text, document) => {
        expect(native.encode(text, { document })).toEqual(stages.encode(text, { document }));
      }),
      { numRuns: Number(process.env.RUNS ?? 150) },
    );
  });

  it('gives the same ids in another thread', async () => {
    const { tokenizer, native } = await encoders(name);
    const there = await encoderFrom(structuredClone(tokenizer.encoderSource()));
    fc.assert(
      fc.property(bytes, mode, (text, document) => {
        expect(there.encode(text, { document })).toEqual(native.encode(text, { document }));
      }),
      { numRuns: 30 },
    );
  });
});

describe('an encoder in WebAssembly', () => {
  const corpus = readFileSync(new URL('../../fixtures/vocabulary/text.txt', import.meta.url));

  it.each(['roberta', 'llama', 'albert'])(
    'encodes long texts and words as the stages do: %s',
    async (name) => {
      const { native, stages } = await encoders(name);
      const texts = [
        corpus,
        Buffer.from('abc'.repeat(3000)),
        Buffer.from('中文字'.repeat(4000)),
        Buffer.from(`${' '.repeat(5000)}x${'\n'.repeat(5000)}`),
      ];
      const document = 'blank-line';
      for (const text of texts)
        expect(native.encode(text, { document })).toEqual(stages.encode(text, { document }));
    },
  );

  it.each(['roberta', 'xlm-r'])(
    'gives the same ids when its cache has been emptied many times: %s',
    async (name) => {
      const { native, stages } = await encoders(name);
      const sample = Buffer.from('In the beginning naïveté 12345678 counterrevolutionary');
      const expected = stages.encode(sample, { document: 'none' });
      for (let round = 0; round < 4; round++) {
        let words = '';
        for (let i = 0; i < 60_000; i++)
          words += ` ${(i * 7919 + round).toString(36)} é${i + round * 60_000}`;
        expect(native.encode(Buffer.from(words), { document: 'none' }).ids.length).toBeGreaterThan(180_000);
        expect(native.encode(sample, { document: 'none' })).toEqual(expected);
      }
    },
  );

  it.each(['deberta', 'deberta-v3'])(
    'leaves a text alone that comes after whitespace which is stripped: %s',
    async (name) => {
      const { native, stages } = await encoders(name);
      // Nothing is left of what stands before the token; words that are not in the cache yet are divided next.
      const words = Array.from({ length: 200 }, (_, i) => `word${i} naïveté${i * 7919}`);
      const text = Buffer.from(`  \n [MASK] ${words.join(' ')}`);
      const first = native.encode(text, { document: 'none' });
      expect(first).toEqual(stages.encode(text, { document: 'none' }));
    },
  );

  it('gives more ids than its memory has room for at once', async () => {
    // Each of these characters of three bytes becomes eighteen.
    const { native, stages } = await encoders('folded');
    const text = Buffer.from('\ufdfa '.repeat(30_000));
    const encoded = native.encode(text, { document: 'line' });
    expect(encoded.ids.length).toBeGreaterThan(2 * text.length);
    expect(encoded).toEqual(stages.encode(text, { document: 'line' }));
  });
});
