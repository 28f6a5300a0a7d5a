import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../tokenizer/load.js';

// What Rust tokenizers makes of the same texts: see fixtures/pipeline/make_pipeline.py.

const fixture = (name: string) => new URL(`../../fixtures/pipeline/${name}.json`, import.meta.url);

interface Oracle {
  texts: string[];
  digests: Record<string, string[]>;
  codePoints: Record<string, Record<string, string>>;
  decoded: Record<string, [ids: number[], text: string]>;
}

const oracle: Oracle = JSON.parse(readFileSync(fixture('oracle'), 'utf8'));

/** A hash of the ids of documents, each ended by −1. */
function digest(documents: Iterable<readonly number[]>): string {
  const hash = createHash('sha256');
  for (const ids of documents) hash.update(new Uint8Array(Int32Array.from([...ids, -1]).buffer));
  return hash.digest('hex').slice(0, 16);
}

async function idsOf(name: string) {
  const encoder = (await loadTokenizer(fixture(name).pathname)).encoder();
  return (text: string) => [...encoder.encode(Buffer.from(text), { document: 'none' }).ids];
}

describe.each(Object.keys(oracle.digests))('%s', (name) => {
  it('encodes adversarial texts as Rust tokenizers does', async () => {
    const ids = await idsOf(name);
    const wrong = oracle.texts.filter((text, i) => digest([ids(text)]) !== oracle.digests[name]![i]);
    expect(wrong).toEqual([]);
  });

  it('decodes as Rust tokenizers does', async () => {
    const tokenizer = await loadTokenizer(fixture(name).pathname);
    const [ids, text] = oracle.decoded[name]!;
    expect(tokenizer.decode(ids)).toBe(text);
  });
});

it.each(Object.keys(oracle.codePoints))(
  '%s encodes each code point as Rust tokenizers does',
  async (name) => {
    const ids = await idsOf(name);
    const wrong = Object.entries(oracle.codePoints[name]!).filter(([block, expected]) => {
      const encoded: number[][] = [];
      const first = Number.parseInt(block, 16);
      for (let c = first; c < first + 1024; c++) {
        if (c === 0x0a || c === 0x0d) continue;
        const s = String.fromCodePoint(c);
        encoded.push(ids(`a${s}b ${s}\u0301${s}\u0323 ${s}1${s}${s}`));
      }
      return digest(encoded) !== expected;
    });
    expect(wrong).toEqual([]);
  },
);
