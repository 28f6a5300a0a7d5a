import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { listFiles } from '../source/list.js';
import { textFiles } from '../source/text-files.js';
import type { SkippedRecords } from '../worker/read-unit.js';
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

it('leaves out records that cannot be read where that is asked for, and tells of them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlm-unit-texts-'));
  try {
    const path = join(folder, 'records');
    await writeFile(path, '{"text":"one"}\n{"text":\n{"text":"two"}\n');
    const inputs = await listFiles([path], { inputFormat: 'jsonl' });
    const texts = async (onBadRecord: 'fail' | 'skip') => {
      const found: string[] = [];
      const onSkipped = (_: number, skipped: readonly SkippedRecords[]) =>
        found.push(...skipped.flatMap(({ records }) => records.map(({ number }) => `line ${number}`)));
      for await (const text of unitTexts(textFiles(inputs), { onBadRecord, onSkipped }))
        found.push(Buffer.from(text).toString().trim());
      return found;
    };
    await expect(texts('fail')).rejects.toThrow(/records:2: this line/);
    expect(await texts('skip')).toEqual(['one\ntwo', 'line 2']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
