import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { textFiles } from '../source/text-files.js';
import { trainVocabulary } from './train-vocabulary.js';
import { unitTexts } from './unit-texts.js';

it('reads text, records and compressed files, in the order of their paths', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlm-unit-texts-'));
  try {
    await writeFile(join(folder, 'a.txt'), 'one two');
    await writeFile(join(folder, 'b.jsonl'), '{"body":"three\\nfour"}\n{"body":"five"}\n');
    await writeFile(join(folder, 'c.txt.gz'), gzipSync('six'));
    const texts: string[] = [];
    for await (const text of unitTexts(textFiles([folder]), { textField: 'body' })) {
      texts.push(Buffer.from(text).toString());
    }
    expect(texts.flatMap((text) => text.split(/\s+/)).filter(Boolean)).toEqual([
      'one',
      'two',
      'three',
      'four',
      'five',
      'six',
    ]);
    const { counts } = await trainVocabulary(unitTexts(textFiles([folder]), { textField: 'body' }));
    expect(counts.words).toBe(6);
  } finally {
    await rm(folder, { recursive: true });
  }
});
