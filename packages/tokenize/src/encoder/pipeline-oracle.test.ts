import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../tokenizer/load.js';

// What Rust tokenizers makes of the same texts: see fixtures/pipeline/make_pipeline.py and fixtures/native/make_native.py.

/** Small tokenizers of every stage, and such as the public ones of today are. */
const folders = ['pipeline', 'native'] as const;
type Folder = (typeof folders)[number];
const fixture = (folder: Folder, name: string) =>
  new URL(`../../fixtures/${folder}/${name}.json`, import.meta.url);

interface Oracle {
  texts: string[];
  digests: Record<string, string[]>;
  codePoints: Record<string, Record<string, string>>;
  decoded: Record<string, [ids: number[], text: string]>;
}

const read = (folder: Folder): Oracle => JSON.parse(readFileSync(fixture(folder, 'oracle'), 'utf8'));
const oracles = { pipeline: read('pipeline'), native: read('native') };
const { texts } = oracles.pipeline;
const names = (of: 'digests' | 'codePoints') =>
  folders.flatMap((folder) => Object.keys(oracles[folder][of]).map((name) => [folder, name] as const));

/** A hash of the ids of documents, each ended by −1. */
function digest(documents: Iterable<readonly number[]>): string {
  const hash = createHash('sha256');
  for (const ids of documents) hash.update(new Uint8Array(Int32Array.from([...ids, -1]).buffer));
  return hash.digest('hex').slice(0, 16);
}

async function idsOf(folder: Folder, name: string) {
  const encoder = (await loadTokenizer(fixture(folder, name).pathname)).encoder();
  return (text: string) => [...encoder.encode(Buffer.from(text), { document: 'none' }).ids];
}

describe.each(names('digests'))('%s/%s', (folder, name) => {
  it('encodes adversarial texts as Rust tokenizers does', async () => {
    const ids = await idsOf(folder, name);
    const wrong = texts.filter((text, i) => digest([ids(text)]) !== oracles[folder].digests[name]![i]);
    expect(wrong).toEqual([]);
  });

  it('decodes as Rust tokenizers does', async () => {
    const tokenizer = await loadTokenizer(fixture(folder, name).pathname);
    const [ids, text] = oracles[folder].decoded[name]!;
    expect(tokenizer.decode(ids)).toBe(text);
  });
});

it.each(names('codePoints'))(
  '%s/%s encodes each code point as Rust tokenizers does',
  async (folder, name) => {
    const ids = await idsOf(folder, name);
    const wrong = Object.entries(oracles[folder].codePoints[name]!).filter(([block, expected]) => {
      const encoded: number[][] = [];
      const first = Number.parseInt(block, 16);
      for (let c = first; c < first + 1024; c++) {
        if (c === 0x0a || c === 0x0d || (c >= 0xd800 && c < 0xe000)) continue;
        const s = String.fromCodePoint(c);
        encoded.push(ids(`a${s}b ${s}\u0301${s}\u0323 ${s}1${s}${s}`));
      }
      return digest(encoded) !== expected;
    });
    expect(wrong).toEqual([]);
  },
);
