import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { textFiles } from '../source/text-files.js';
import type { Unit } from '../source/unit.js';
import { unitTexts } from '../vocabulary/unit-texts.js';

const folder = fileURLToPath(new URL('../../fixtures/sources/columns/', import.meta.url));

/** What make_columns.py has written; nulls give no line. */
const expected = [
  ...Array.from(
    { length: 40 },
    (_, i) => `Paragraph ${i} of the text, which says ü and 東京 and ${'again '.repeat(i % 7)}`,
  ),
  'The last.',
]
  .map((text) => `${text}\n`)
  .join('');

async function textOf(path: string, textField = 'text'): Promise<string> {
  const parts: Buffer[] = [];
  const units = textFiles([path], { textField }) as AsyncIterable<Unit>;
  for await (const text of unitTexts(units)) parts.push(Buffer.from(text));
  return Buffer.concat(parts).toString();
}

test.each((await readdir(folder)).filter((name) => !/^(nested|ill-formed)/.test(name)))(
  '%s is read',
  async (name) => {
    expect(await textOf(folder + name)).toBe(expected);
  },
);

test.each(['nested.arrow', 'nested.parquet'])(
  'a column of %s that is inside another is named with a dot',
  async (name) => {
    expect(await textOf(folder + name, 'meta.text')).toBe(expected);
    expect(await textOf(folder + name, 'meta.more.body')).toBe(expected);
    await expect(textOf(folder + name)).rejects.toThrow(
      `${name}: no column "text" (columns: meta.text, meta.more.body, id); choose one with textField`,
    );
  },
);

test('text of a Parquet file is made well-formed, and loses its byte order mark', async () => {
  expect(await textOf(`${folder}ill-formed.parquet`)).toBe('a \ufffd b\nmarked\ncut \ufffd\nplain\n');
});

test('compressed columns that are damaged end in one line', async () => {
  const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const scratch = await mkdtemp(`${tmpdir()}/mlm-columns-`);
  try {
    for (const name of ['lz4.arrow', 'zstd.arrow', 'snappy.parquet', 'zstd.parquet']) {
      const bytes = await readFile(folder + name);
      let refused = 0;
      const first = name.endsWith('.arrow') ? 600 : 4;
      for (let at = first; at < Math.min(first + 800, bytes.length); at += 19) {
        const broken = Buffer.from(bytes);
        broken[at]! ^= 0xff;
        const path = `${scratch}/broken-${name}`;
        await writeFile(path, broken);
        await textOf(path).catch((error: Error) => {
          refused++;
          expect(error.message, `${name} ${at}`).toMatch(/^[^\n]*broken-\w+\.\w+: [^\n]*$/);
          expect(error, `${name} ${at}`).toHaveProperty('code', 'MLM_INPUT');
        });
      }
      expect(refused).toBeGreaterThan(8);
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
});
