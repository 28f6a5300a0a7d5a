import { WebAssembly } from '@mlm/base/webassembly';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../tokenizer/load.js';
import { tokenizerFromDefinition } from '../tokenizer/tokenizer.js';
import { parseTokenizerJson, wordPieceModel } from '../tokenizer/tokenizer-json.js';
import type { DocumentMode, Encoder } from '../tokenizer/types.js';
import { encoderModule } from './modules.js';
import { ReferenceEncoder } from './reference.js';
import { type SetUpExports, setUp } from './set-up.js';
import { encoderFrom } from './source.js';
import { WordPieceEncoder } from './wordpiece.js';

const fixture = (name: string) => new URL(`../../fixtures/tokenizers/${name}.json`, import.meta.url).pathname;

async function encoders(source?: string): Promise<[fast: Encoder, reference: Encoder]> {
  const tokenizer = await loadTokenizer(source);
  const model = wordPieceModel(parseTokenizerJson(tokenizer.files['tokenizer.json']!, 'tokenizer.json'));
  return [tokenizer.encoder(), new ReferenceEncoder(model)];
}

const mode = fc.constantFrom<DocumentMode[]>('none', 'line', 'blank-line');

/** What texts are made of: words, blanks and line ends of all kinds, added tokens, and characters that need care. */
const piece = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.string({ unit: fc.constantFrom(...'abcdeXYZ019'), minLength: 1, maxLength: 40 }),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(' ', '\n', '\r\n', '\n\n', '\n \t\n', '\n\u3000\u2028\n', '\n\f\v\n', '\t'),
  },
  { weight: 2, arbitrary: fc.constantFrom(...'!"#(),-.:[]_’“—…、。，：') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '[MASK]',
      '[CLS]',
      ' [SEP]\n',
      '\n[PAD] \n',
      '[MASK',
      '<masked>',
      '<mask>',
      'oui',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.string({
      unit: fc.constantFrom(...'éèüñçÅßøżЖёйΣςάאבعربकिทำ한글가中文字𠀀がカ'),
      maxLength: 20,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.string({
      unit: fc.constantFrom(
        '\u0301',
        '\u0323',
        '\u302e',
        '\u{1d165}',
        '\u{1d16d}',
        '\u200d',
        '\u00ad',
        '\0',
        '\u0001',
        '\u0085',
        '\u000c',
        '\ufffd',
      ),
      maxLength: 4,
    }),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
const text = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join('')));
const bytes = fc.oneof(
  { weight: 3, arbitrary: text },
  {
    weight: 1,
    arbitrary: fc.tuple(text, fc.uint8Array({ maxLength: 12 }), text).map((parts) => Buffer.concat(parts)),
  },
  {
    // First bytes of characters, whole ones and what may follow, in any order.
    weight: 1,
    arbitrary: fc
      .array(
        fc.constantFrom(
          ...['ж', 'é', 'ß', 'א', '中', '一', 'カ', '가', 'ก', '—', '،', '𠀀', ' ', 'a'].map((c) =>
            Buffer.from(c),
          ),
          ...[0xc0, 0xc3, 0xd0, 0xe0, 0xe3, 0xe5, 0xed, 0xf0, 0x80, 0xa0, 0xbf].map((byte) =>
            Buffer.of(byte),
          ),
        ),
        { maxLength: 300 },
      )
      .map((parts) => Buffer.concat(parts)),
  },
);
/** Texts in which the pieces lie where the encoder stops to look ahead, and words that are longer than what it looks ahead. */
const longText = fc
  .record({
    filler: fc.constantFrom('word ', 'a', 'é', '中', ' ', '\n', '\0', 'x.'),
    length: fc.integer({ min: 16000, max: 17000 }),
    text,
  })
  .map(({ filler, length, text }) =>
    Buffer.concat([text, Buffer.from(filler.repeat(Math.ceil(length / filler.length))), text]),
  );

/** Texts whose ids, which are written over what has been read of them, come to lie in front of it, now or never. */
const denseText = fc
  .array(
    fc.record({
      filler: fc.constantFrom(
        'internationally ',
        'word ',
        'x.',
        '中',
        'éé',
        '[MASK]',
        '[MASK]. ',
        'b\u0001',
        'q9',
      ),
      length: fc.integer({ min: 3000, max: 90_000 }),
      text,
    }),
    { minLength: 2, maxLength: 4 },
  )
  .map((parts) =>
    Buffer.concat(
      parts.flatMap(({ filler, length, text }) => [
        Buffer.from(filler.repeat(Math.ceil(length / filler.length))),
        text,
      ]),
    ),
  );

const names = [
  'bert-base-uncased',
  'cased',
  'multilingual',
  'chinese',
  'accents-kept',
  'unclean',
  'tiny',
  'added',
];

describe.each(names)('the encoder of %s', (name) => {
  const source = name === 'bert-base-uncased' ? undefined : fixture(name);

  it.each([
    ['short', bytes, 300],
    ['long', longText, 12],
    ['dense', denseText, 5],
  ] as const)('equals the reference implementation on %s texts', async (_, texts, numRuns) => {
    const [fast, reference] = await encoders(source);
    fc.assert(
      fc.property(texts, mode, (text, document) => {
        expect(fast.encode(text, { document })).toEqual(reference.encode(text, { document }));
      }),
      { numRuns },
    );
  });
});

describe('an encoder for another thread', () => {
  it.each(names)('equals the one that was set up here: %s', async (name) => {
    const tokenizer = await loadTokenizer(name === 'bert-base-uncased' ? undefined : fixture(name));
    const here = tokenizer.encoder();
    const there = await encoderFrom(structuredClone(tokenizer.encoderSource()));
    fc.assert(
      fc.property(bytes, mode, (text, document) => {
        expect(there.encode(text, { document })).toEqual(here.encode(text, { document }));
      }),
    );
  });
});

describe('the encoder', () => {
  it('divides a text into documents', async () => {
    const encoder = (await loadTokenizer()).encoder();
    const lines = (text: string, document: DocumentMode) => {
      const { ids, documentEnds, documentStarts } = encoder.encode(Buffer.from(text), { document });
      return { ids: ids.length, ends: [...documentEnds], starts: [...documentStarts] };
    };
    const text = '\n \n one two\nthree\r\n\r\n\u3000\nfour\n\n[MASK]\n';
    expect(lines(text, 'none')).toEqual({ ids: 5, ends: [5], starts: [0] });
    expect(lines(text, 'line')).toEqual({ ids: 5, ends: [2, 3, 4, 5], starts: [3, 12, 25, 31] });
    expect(lines(text, 'blank-line')).toEqual({ ids: 5, ends: [3, 4, 5], starts: [3, 25, 31] });
    expect(lines('', 'line')).toEqual({ ids: 0, ends: [], starts: [] });
    expect(lines('\u200b\n\n', 'blank-line')).toEqual({ ids: 0, ends: [], starts: [] });
  });

  it('gives the same ids when its caches have been emptied many times', async () => {
    const [fast, reference] = await encoders();
    const sample = Buffer.from('unaffable naïveté tokenization привет 12345678 counterrevolutionary');
    const expected = [...reference.encode(sample, { document: 'none' }).ids];
    for (let round = 0; round < 8; round++) {
      let words = '';
      for (let i = 0; i < 60_000; i++)
        words += `${(i * 7919 + round).toString(36)} é${i + round * 60_000} longerword${i}${round} `;
      const { ids } = fast.encode(Buffer.from(words), { document: 'none' });
      expect(ids.length).toBeGreaterThan(180_000);
      expect([...fast.encode(sample, { document: 'none' }).ids]).toEqual(expected);
    }
  });

  it('gives the ids that fresh encoders give while its caches grow and are emptied', async () => {
    const tokenizer = await loadTokenizer();
    const encoder = tokenizer.encoder();
    // 240,000 different words and 60,000 other items, some with more ids than a slot takes: a fresh encoder's caches have
    // room for those of one part.
    for (let part = 0; part < 80; part++) {
      let text = '';
      for (let i = part * 1000; i < (part + 1) * 1000; i++) {
        text += `${(i * 7919).toString(36)} word${i} x${i.toString(2).slice(-15)} `;
        if (i % 4 !== 0) text += `é${i}qzjxkwvü, `;
      }
      const [ids, expected] = [encoder, tokenizer.encoder()].map(
        (one) => one.encode(Buffer.from(text), { document: 'none' }).ids,
      );
      expect(ids!.length).toBeGreaterThan(10_000);
      expect(ids!.every((id, i) => id === expected![i])).toBe(true);
      expect(ids!.length).toBe(expected!.length);
    }
  });

  it('finds all words again in a table that has grown', async () => {
    const model = wordPieceModel(parseTokenizerJson((await loadTokenizer()).files['tokenizer.json']!, ''));
    const wasm = new WebAssembly.Instance(encoderModule('wordpiece')).exports as unknown as SetUpExports & {
      reserve(bytes: number, shortestToken: number): number;
      encode(mode: number): void;
    };
    setUp(wasm, model);
    const [known, bits] = [wasm.knownWords(), wasm.wordBits.value];
    const text = Buffer.from(Array.from({ length: 100_000 }, (_, i) => `word${i}`).join(' '));
    for (let pass = 0; pass < 2; pass++) {
      new Uint8Array(wasm.memory.buffer, wasm.reserve(text.length, 5)).set(text);
      wasm.encode(0);
      expect(wasm.knownWords()).toBe(known + 100_000);
    }
    expect(wasm.wordBits.value).toBe(bits + 2);
  });

  it.each([50_000, 200_000])('knows each of %i tokens, here and in another thread', async (count) => {
    const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
    const words = Array.from({ length: count }, (_, i) => `a${i.toString(36)}`);
    const files = { 'vocab.txt': `${[...special, ...words].join('\n')}\n` };
    const tokenizer = tokenizerFromDefinition({ name: 'large', files });
    const there = await encoderFrom(structuredClone(tokenizer.encoderSource()));
    const text = Buffer.from(words.join(' '));
    for (const encoder of [tokenizer.encoder(), there]) {
      const { ids } = encoder.encode(text, { document: 'none' });
      expect(ids.length).toBe(count);
      expect(ids.every((id, i) => id === special.length + i)).toBe(true);
    }
  });

  it('writes the ids of long words over no text that is still to be read', async () => {
    const letters = [...'abcd'];
    const tokens = ['[UNK]', ...letters, ...letters.map((letter) => `##${letter}`)];
    const json = parseTokenizerJson((await loadTokenizer()).files['tokenizer.json']!, '');
    const model = { ...wordPieceModel(json), tokens, addedTokens: [], maxInputCharsPerWord: 1e6 };
    const encoder = WordPieceEncoder.of(model, encoderModule('wordpiece'));
    const word = fc.record({
      letters: fc.string({
        unit: fc.constantFrom(...letters, ...letters, '\u0001'),
        minLength: 1,
        maxLength: 20,
      }),
      times: fc.oneof(fc.nat(20), fc.nat(4000)),
    });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const text = words.map(({ letters, times }) => letters.repeat(times)).join(' ');
        const expected = text
          .replaceAll('\u0001', '')
          .split(' ')
          .flatMap((word) => Array.from(word, (letter, i) => tokens.indexOf(i > 0 ? `##${letter}` : letter)));
        const { ids } = encoder.encode(Buffer.from(text), { document: 'none' });
        expect(ids.length).toBe(expected.length);
        expect(ids.every((id, i) => id === expected[i])).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('encodes a word of a hundred million characters', async () => {
    const encoder = (await loadTokenizer()).encoder();
    const { ids } = encoder.encode(Buffer.alloc(100_000_000, 'a'), { document: 'none' });
    expect([...ids]).toEqual([100]);
  });
});
