import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadTokenizer } from './load.js';
import { tokenizerFromDefinition } from './tokenizer.js';

test('what is stored of the bundled tokenizer is, byte for byte, what is made of it', async () => {
  const stored = await loadTokenizer();
  const fresh = tokenizerFromDefinition(stored.definition());
  const [one, other] = [stored, fresh].map((tokenizer) => {
    const source = tokenizer.encoderSource();
    if (!('prepared' in source)) throw new Error('expected an encoder that is set up');
    return source.prepared.image;
  });
  const { memory, ...layout } = one!;
  const { memory: set, ...expected } = other!;
  expect(layout).toMatchObject(expected);
  if (typeof memory !== 'string' || typeof set === 'string') throw new Error('expected a file and a memory');
  expect(readFileSync(new URL(memory)).equals(new Uint8Array(set))).toBe(true);
  for (const member of ['name', 'sha256', 'vocabularySize', 'specialIds', 'protectedIds'] as const)
    expect(stored[member]).toEqual(fresh[member]);
  expect(new TextDecoder().decode(stored.filesJson)).toBe(JSON.stringify(fresh.files));
});

test('an option that makes another tokenizer of the bundled one sets its own encoder up', async () => {
  const cased = await loadTokenizer(undefined, { lowercase: false });
  const source = cased.encoderSource();
  expect('prepared' in source && typeof source.prepared.image.memory).toBe('object');
});
