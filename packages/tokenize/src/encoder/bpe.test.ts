import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BpeModel, pipelineModel } from '../model/model.js';
import { BYTE_CHARACTERS } from '../pre-tokenizer/byte-level.js';
import type { TokenizerJson } from '../tokenizer/tokenizer-json.js';
import { nativeBpe } from './bpe.js';
import { NativeEncoder, nativeImage } from './native.js';

/** Pairs of tokens by their places in the vocabulary so far, which each pair makes longer. */
const pairs = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 });
/** Runs of letters are words; é and 中 are several bytes. */
const words = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: fc.constantFrom(...'aab'), minLength: 1, maxLength: 40 }) },
    {
      weight: 2,
      arbitrary: fc.string({ unit: fc.constantFrom(...'abcé中文'), minLength: 1, maxLength: 40 }),
    },
    { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...'ab'), minLength: 250, maxLength: 700 }) },
  ),
  { minLength: 1, maxLength: 6 },
);

describe('byte-level BPE in WebAssembly', () => {
  it('merges as the model in TypeScript does, with merges in any order', () => {
    fc.assert(
      fc.property(
        pairs,
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        words,
        (pairs, sorted, ignores, seed, words) => {
          const json = tokenizer(pairs, sorted ? undefined : seed, ignores);
          const model = pipelineModel(json, 'test') as BpeModel;
          const encoder = new NativeEncoder(nativeImage(nativeBpe(json, model, [], 'test')!), never);
          const encode = model.wordEncoder();
          for (const word of words) {
            const bytes = Buffer.from(word);
            const ids = encode(Array.from(bytes, (byte) => BYTE_CHARACTERS[byte]!).join(''));
            expect([...encoder.encode(bytes, { document: 'none' }).ids]).toEqual(ids);
          }
        },
      ),
      { numRuns: Number(process.env.RUNS ?? 100) },
    );
  });

  it('divides a long word whose tokens do not fit beside each other', () => {
    // The longest token at each place is one too long: all but the last are taken back.
    const merges: [string, string][] = [
      ['a', 'b'],
      ['ab', 'ab'],
      ['abab', 'ab'],
      ['b', 'a'],
    ];
    const json = tokenizerOf(merges, false);
    const model = pipelineModel(json, 'test') as BpeModel;
    const encoder = new NativeEncoder(nativeImage(nativeBpe(json, model, [], 'test')!), never);
    for (const count of [100, 1000, 100_000]) {
      const word = `b${'ab'.repeat(count)}`;
      expect([...encoder.encode(Buffer.from(word), { document: 'none' }).ids]).toEqual(
        model.wordEncoder()(word),
      );
    }
  });
});

const never = {
  encodeText: () => {
    throw new Error('well-formed text was taken for ill-formed');
  },
  checkWord: () => {},
};

function tokenizer(pairs: [number, number][], seed: number | undefined, ignores: boolean): TokenizerJson {
  const tokens = [...'abc', ...Array.from(Buffer.from('é中文'), (byte) => BYTE_CHARACTERS[byte]!)];
  const merges = pairs.map(([i, j]): [string, string] => {
    const merge: [string, string] = [tokens[i % tokens.length]!, tokens[j % tokens.length]!];
    tokens.push(merge.join(''));
    return merge;
  });
  const kept = merges.filter(([left, right]) => left.length + right.length < 30);
  if (seed !== undefined) kept.sort((a, b) => order(a, seed) - order(b, seed));
  return tokenizerOf(kept, ignores);
}

function order([left, right]: [string, string], seed: number): number {
  return Buffer.from(left + right).reduce((hash, byte) => (hash * 31 + byte) % 1009, seed % 1009);
}

function tokenizerOf(merges: [string, string][], ignores: boolean): TokenizerJson {
  const tokens = new Set([...BYTE_CHARACTERS, ...merges.flatMap(([l, r]) => [l, r, l + r])]);
  return {
    model: {
      type: 'BPE',
      vocab: Object.fromEntries([...tokens].map((token, id) => [token, id])),
      merges,
      ignore_merges: ignores,
    },
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
  } as TokenizerJson;
}
