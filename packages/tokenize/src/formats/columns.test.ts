import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textFiles } from '../source/text-files.js';
import type { Unit } from '../source/unit.js';
import { unitTexts } from '../vocabulary/unit-texts.js';

const folder = fileURLToPath(new URL('../../fixtures/sources/columns/', import.meta.url));

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'mlm-columns-'));
});
afterAll(() => rm(scratch, { recursive: true }));

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

test('a page whose header lacks numbers is refused: its levels would be read for ever', async () => {
  await expect(textOf(join(folder, '../damaged/page-header.parquet'), 'text.t')).rejects.toThrow(
    "page-header.parquet: not a whole Parquet file (a page's header is damaged); restore it or leave it out",
  );
});

test('a column of lists is no text, however its values are named', async () => {
  const path = `${folder}lists.parquet`;
  for (const [field, holds] of [
    ['list', 'lists'],
    ['list.list.element', 'lists'],
    ['map.key_value.value', 'lists'],
  ] as const)
    await expect(textOf(path, field)).rejects.toThrow(`column "${field}" holds ${holds}, expected text;`);
  await expect(textOf(path, 'body')).rejects.toThrow('no column "body" (columns: text);');
  await expect(textOf(`${folder}nested.parquet`, 'meta')).rejects.toThrow(
    'column "meta" holds the columns meta.text, meta.more.body, expected text;',
  );
});

test.each(['checked-1.parquet', 'checked-2.parquet', 'nested-checked-1.parquet', 'nested-checked-2.parquet'])(
  'each flipped bit of the pages of %s is noticed',
  async (name) => {
    const bytes = await readFile(folder + name);
    const textField = name.startsWith('nested') ? 'meta.text' : 'text';
    expect(await textOf(folder + name, textField)).toBe(expected);
    // In each column of the nested ones, of which one is read.
    const text = bytes.indexOf('Paragraph 30');
    expect(text).toBeGreaterThan(0);
    const broken = Buffer.from(bytes);
    broken[text]! ^= 1;
    const path = join(scratch, name);
    await writeFile(path, broken);
    await expect(textOf(path, textField)).rejects.toThrow('a page does not match its checksum');
  },
);

test('text of a Parquet file is made well-formed, and loses its byte order mark', async () => {
  expect(await textOf(`${folder}ill-formed.parquet`)).toBe('a \ufffd b\nmarked\ncut \ufffd\nplain\n');
});

test('a Parquet file of a few bytes is refused in words', async () => {
  for (const bytes of ['', 'P', 'PAR1', 'PAR1PAR1', 'PAR1\0\0\0\0PAR1']) {
    const path = join(scratch, 'few.parquet');
    await writeFile(path, bytes);
    await expect(textOf(path)).rejects.toThrow(/few\.parquet: not a whole Parquet file \((it is|parquet) /);
  }
});

test.each(['unsupported.arrow', 'unsupported-zstd-stream.arrow'])(
  'columns beside the text may be of any type; %s says so if the text itself is not',
  async (name) => {
    const views = expected.replaceAll('\n', ' and more\n').replace('The last.', 'None and more\nThe last.');
    expect(await textOf(folder + name, 'view')).toBe(views);
    for (const [field, type] of [
      ['dense', 'Union'],
      ['runs', 'RunEndEncoded'],
      ['listview', 'ListView'],
      ['last.a', 'Union'],
    ])
      await expect(textOf(folder + name, field)).rejects.toThrow(
        new RegExp(`${name}: column "\\w+" is of the type ${type}, which is not supported`),
      );
  },
);

test('the first version of Feather is named, whatever the file is called', async () => {
  const bytes = Buffer.concat([Buffer.from('FEA1'), Buffer.alloc(40), Buffer.from('FEA1')]);
  for (const name of ['feather.arrow', 'feather.txt']) {
    const path = join(scratch, name);
    await writeFile(path, bytes);
    await expect(textOf(path)).rejects.toThrow(/is a file of Feather V1, expected .*; convert it/);
  }
});

test('compressed columns that are damaged end in one line', async () => {
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
});
