import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listFiles } from '../source/list.js';
import { planUnits } from '../source/plan.js';
import type { UnitPart } from '../source/unit.js';
import { loadTokenizer } from '../tokenizer/load.js';
import type { Encoder } from '../tokenizer/types.js';
import { joinSmall, PartReader } from './read-unit.js';

let folder: string;
let encoder: Encoder;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlm-joined-'));
  encoder = await (await loadTokenizer()).encoder();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function partsOf(
  files: readonly Uint8Array[],
  document: 'line' | 'blank-line' | 'file',
): Promise<UnitPart[]> {
  const paths = files.map((file, i) => {
    const path = join(folder, `${String(i).padStart(4, '0')}.txt`);
    writeFileSync(path, file);
    return path;
  });
  const parts: UnitPart[] = [];
  for await (const unit of planUnits(await listFiles(paths, { inputFormat: 'text' }), { document }))
    parts.push(...unit.parts);
  return parts;
}

/** The ids of each document of the parts, one part after another. */
async function documentsOf(parts: Iterable<UnitPart>): Promise<{ documents: number[][]; invalid: number }> {
  const reader = new PartReader('text');
  const documents: number[][] = [];
  let invalid = 0;
  for (const part of parts) {
    const { bytes, document } = await reader.read(part, (length) => encoder.room?.(length));
    const { ids, documentEnds, invalidUtf8 } = encoder.encode(bytes, { document });
    for (const [i, end] of documentEnds.entries())
      documents.push([...ids.subarray(documentEnds[i - 1] ?? 0, end)]);
    invalid += invalidUtf8;
  }
  return { documents, invalid };
}

const fragments = [
  'a',
  'The cat',
  ' ',
  '\n',
  '\n\n',
  '\r',
  '\r\n',
  '\t',
  '\u3000',
  '\ufeff',
  '[MASK]',
  '漢字',
  'é',
];
const fragment = fc.oneof(
  fc.constantFrom(...fragments.map((text) => Buffer.from(text))),
  // Beginnings of characters, and what no character has.
  fc.constantFrom(...['f09f98', 'e380', 'c3', 'ff', '80', 'eda080'].map((hex) => Buffer.from(hex, 'hex'))),
);
const content = fc.array(fragment, { minLength: 1, maxLength: 12 }).map((pieces) => Buffer.concat(pieces));

test('small files that are joined have the documents of each by itself', async () => {
  expect(encoder.ignoresSpace).toBe(true);
  const files = fc.array(content, { minLength: 2, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(files, fc.constantFrom('line' as const, 'blank-line' as const), async (files, kind) => {
      const parts = await partsOf(files, kind);
      const joined = [...joinSmall(parts)];
      expect(joined).toHaveLength(1);
      expect(await documentsOf(joined)).toEqual(await documentsOf(parts));
    }),
    { numRuns: 300 },
  );
});

test('files are joined up to some length, in order; where a document is a file, none are', async () => {
  const lengths = [90_000, 200_000, 50_000, 300_000, 10, 20, 1];
  const files = lengths.map((length, i) => Buffer.from(`${i} `.repeat(length / 2 + 1)).subarray(0, length));
  const parts = await partsOf(files, 'blank-line');
  const joined = [...joinSmall(parts)];
  const filesIn = (part: UnitPart) =>
    ((part as { joined?: UnitPart[] }).joined ?? [part]).map(({ file }) => file);
  expect(joined.map(filesIn)).toEqual([[0], [1, 2], [3], [4, 5, 6]]);
  expect(await documentsOf(joined)).toEqual(await documentsOf(parts));
  const whole = await partsOf(files, 'file');
  expect([...joinSmall(whole)]).toEqual(whole);
});

test('what is wrong with one of them is told of that one', async () => {
  const files = ['one', 'two', 'three'].map((text) => Buffer.from(text));
  const read = async (parts: UnitPart[]) => documentsOf(joinSmall(parts));
  const parts = await partsOf(files, 'line');
  writeFileSync(parts[1]!.path, 'other');
  await expect(read(parts)).rejects.toThrow(/0001\.txt: changed while it was being read/);
  rmSync(parts[1]!.path);
  await expect(read(parts)).rejects.toThrow(/0001\.txt: no such file/);
  await expect(read(await partsOf([files[0]!, files[1]!, Buffer.from('a\0b')], 'line'))).rejects.toThrow(
    /0002\.txt: is binary/,
  );
});
