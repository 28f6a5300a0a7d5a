import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../tokenizer/load.js';
import { parseTokenizerJson, wordPieceModel } from '../tokenizer/tokenizer-json.js';
import type { EncodedText, WordPieceModel } from '../tokenizer/types.js';
import { encoderModule } from './modules.js';
import { ReferenceEncoder } from './reference.js';
import { WordPieceEncoder } from './wordpiece.js';

// What Rust tokenizers makes of the same texts: see fixtures/make_wordpiece.py.

const fixture = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(fixture(name), 'utf8'));

interface Oracle {
  texts: string[];
  digests: Record<string, string[]>;
  decoded: Record<string, string>;
  illFormed: [base64: string, replaced: number, digest: string][];
}

const oracle: Oracle = read('wordpiece.json');
const names = Object.keys(oracle.digests);

function load(name: string) {
  return loadTokenizer(
    name === 'bert-base-uncased' ? undefined : fixture(`tokenizers/${name}.json`).pathname,
  );
}

/** A hash of the ids of documents, each ended by −1; documents without ids count only when they are given. */
function digest(documents: Iterable<Int32Array | readonly number[]>): string {
  const hash = createHash('sha256');
  for (const ids of documents) hash.update(new Uint8Array(Int32Array.from([...ids, -1]).buffer));
  return hash.digest('hex').slice(0, 16);
}

function* documentsOf({ ids, documentEnds }: EncodedText): Generator<Int32Array> {
  let start = 0;
  for (const end of documentEnds) {
    yield ids.subarray(start, end);
    start = end;
  }
}

it('gives the golden ids of the seed', async () => {
  const golden: { text: string; input_ids: number[] } = read('golden.json');
  const tokenizer = await loadTokenizer();
  const { ids } = tokenizer.encoder().encode(Buffer.from(golden.text), { document: 'none' });
  expect([tokenizer.specialIds.cls, ...ids, tokenizer.specialIds.sep]).toEqual(golden.input_ids);
});

describe.each(names)('%s', (name) => {
  it('encodes adversarial texts as Rust tokenizers does', async () => {
    const encoder = (await load(name)).encoder();
    const wrong = oracle.texts.filter((text, i) => {
      const { ids } = encoder.encode(Buffer.from(text), { document: 'none' });
      return digest([ids]) !== oracle.digests[name]![i];
    });
    expect(wrong).toEqual([]);
  });

  it('is encoded alike by the reference implementation', async () => {
    const { files } = await load(name);
    const reference = new ReferenceEncoder(
      wordPieceModel(parseTokenizerJson(files['tokenizer.json']!, name)),
    );
    const wrong = oracle.texts.filter(
      (text, i) => digest([reference.encodeText(text)]) !== oracle.digests[name]![i],
    );
    expect(wrong).toEqual([]);
  });

  it('decodes as Rust tokenizers does', async () => {
    const tokenizer = await load(name);
    const { ids } = tokenizer
      .encoder()
      .encode(Buffer.from("Don't stop , it 's  THE end. Zoë"), { document: 'none' });
    expect(tokenizer.decode(ids)).toBe(oracle.decoded[name]);
  });
});

it('reads ill-formed UTF-8 as U+FFFD and counts it', async () => {
  const encoder = (await loadTokenizer()).encoder();
  for (const [base64, replaced, expected] of oracle.illFormed) {
    const { ids, invalidUtf8 } = encoder.encode(Buffer.from(base64, 'base64'), { document: 'none' });
    expect([base64, invalidUtf8, digest([ids])]).toEqual([base64, replaced, expected]);
  }
});

const NORMALIZERS: Record<string, Partial<WordPieceModel>> = {
  uncased: {},
  cased: { lowercase: false, stripAccents: false },
  'accents kept': { stripAccents: false },
  'accents stripped from cased': { lowercase: false },
  unclean: { cleanText: false, handleChineseChars: false },
};

describe('every code point', () => {
  const expected: Record<string, string[]> = read('code-points.json');
  const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const flags = { special: true, singleWord: false, lstrip: false, rstrip: false, normalized: false };
  const addedTokens = tokens.map((content, id) => ({ id, content, ...flags }));
  for (let c = 0x21; c < 0x30000; c++) {
    if (c < 0xd800 || c > 0xdfff) tokens.push(String.fromCodePoint(c), `##${String.fromCodePoint(c)}`);
  }

  it.each(Object.keys(expected))('%s', (name) => {
    const encoder = WordPieceEncoder.of(
      {
        tokens,
        addedTokens,
        unkToken: '[UNK]',
        continuingSubwordPrefix: '##',
        maxInputCharsPerWord: 100,
        cleanText: true,
        handleChineseChars: true,
        stripAccents: true,
        lowercase: true,
        ...NORMALIZERS[name],
      },
      encoderModule('wordpiece'),
    );
    const wrong: string[] = [];
    for (const [block, hash] of expected[name]!.entries()) {
      const lines: string[] = [];
      for (let c = block << 12; c < (block + 1) << 12; c++) {
        if (c === 0x0a || (c >= 0xd800 && c <= 0xdfff)) continue;
        const character = String.fromCodePoint(c);
        lines.push(`a${character}b ${character}\u0301${character}\u0323 [MASK]${character}中${character}1\n`);
      }
      const encoded = encoder.encode(Buffer.from(lines.join('')), { document: 'line' });
      if (digest(documentsOf(encoded)) !== hash) wrong.push(`block ${block.toString(16)}`);
    }
    expect(wrong).toEqual([]);
  });
});
