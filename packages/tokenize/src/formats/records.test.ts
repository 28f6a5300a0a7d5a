import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listFiles } from '../source/list.js';
import { textFiles } from '../source/text-files.js';
import type { Unit } from '../source/unit.js';
import { unitTexts } from '../vocabulary/unit-texts.js';
import type { SkippedRecords } from '../worker/read-unit.js';
import type { FormatName } from './format.js';
import { formatOf } from './index.js';
import { isTable } from './table-head.js';

interface Case {
  name: string;
  content: string;
  /** What Hugging Face datasets reads. */
  texts: (string | null)[];
}

const cases = JSON.parse(
  await readFile(new URL('../../fixtures/sources/records.json', import.meta.url), 'utf8'),
) as Case[];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-records-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** The text of all units. */
async function textOf(path: string, options: Parameters<typeof textFiles>[1] = {}): Promise<string> {
  const parts: Buffer[] = [];
  const units = textFiles([path], options) as AsyncIterable<Unit>;
  for await (const text of unitTexts(units, options)) parts.push(Buffer.from(text));
  return Buffer.concat(parts).toString();
}

/** As lines of our own: line feeds inside a record are spaces. */
const asLines = (texts: readonly (string | null)[]) =>
  texts.map((text) => `${(text ?? '').replaceAll('\n', ' ')}\n`).join('');

test.each(cases)('$name gives the texts that datasets reads ($content)', async ({ name, content, texts }) => {
  const text = await textOf(await put(name, Buffer.from(content, 'base64')));
  if (!name.endsWith('.txt')) expect(text).toBe(asLines(texts));
  // A carriage return that ends the file ends no other line.
  else expect(text.replaceAll('\r\n', '\n').replace(/[\r\n]$/, '')).toBe(texts.join('\n'));
});

test('records are found in chunks of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...cases.filter(({ name }) => /json$|[ct]sv$/.test(name))),
      fc.integer({ min: 1, max: 40 }),
      async ({ name, content }, size) => {
        const format = formatOf(name.split('.')[1]! as FormatName);
        const bytes = Buffer.from(content, 'base64');
        const read = async (chunkSize: number) => {
          const chunks = async function* () {
            // Whoever opens a file looks at its first bytes before.
            for (let i = 0; i < bytes.length; i += i === 0 ? Math.max(3, chunkSize) : chunkSize)
              yield bytes.subarray(i, i + (i === 0 ? Math.max(3, chunkSize) : chunkSize));
          };
          const file = {
            path: name,
            format: format.name,
            compression: 'none',
            size: bytes.length,
            modified: 0,
          } as const;
          const input = {
            file,
            head: async (length: number) => bytes.subarray(0, length),
            chunks,
            readInto: async (into: Uint8Array, from: number) =>
              into.set(bytes.subarray(from, from + into.length)),
            readAt: async (from: number, to: number) => bytes.subarray(from, to),
            bytesRead: 0,
            close: async () => {},
          };
          const parts: Buffer[] = [];
          for await (const part of format.open!(input, 'text')) parts.push(Buffer.from(part));
          return Buffer.concat(parts).toString();
        };
        expect(await read(size)).toBe(await read(bytes.length));
      },
    ),
  );
});

test('a field may be inside another; one whose own name has the dot counts as well', async () => {
  const records = [
    { meta: { text: 'one', other: { text: 'no' } }, text: 'no' },
    { 'meta.text': 'two' },
    { meta: { deep: { text: 'no' }, text: 'three' } },
    { meta: null },
  ];
  const jsonl = await put('nested.jsonl', records.map((record) => JSON.stringify(record)).join('\n'));
  expect(await textOf(jsonl, { textField: 'meta.text' })).toBe('one\ntwo\nthree\n\n');
  const json = await put('nested.json', JSON.stringify(records, null, 2));
  expect(await textOf(json, { textField: 'meta.text' })).toBe('one\ntwo\nthree\n\n');
  await expect(textOf(jsonl, { textField: 'meta.nothing' })).rejects.toThrow(
    'nested.jsonl:1: this line has no field "meta.nothing"',
  );
});

test('a record whose text is there is read, though fields after it are missing', async () => {
  expect(await textOf(await put('ragged.csv', 'id,text,note\n1,a\n2,b,\n3,,x\n4,\n'))).toBe('a\nb\n\n\n');
});

test('lines of spaces in a table are skipped as empty ones are, and a quoted field of spaces is text', async () => {
  const table = 'id,text\n1,a\n   \n\n \t\n2,b\n';
  expect(await textOf(await put('spaces.csv', table))).toBe('a\nb\n');
  expect(await textOf(await put('spaces.tsv', table.replaceAll(',', '\t')))).toContain('a\n');
  expect(await textOf(await put('first.csv', 'text,id\na,1\n  \n"  ",2\n'))).toBe('a\n  \n');
});

test('a record of a table without its text is left out only if asked for, and counted', async () => {
  const path = await put('gaps.csv', 'id,text\n1,a\n2\n3,b\n');
  const numbers: number[] = [];
  const onSkipped = (_: number, parts: readonly SkippedRecords[]) =>
    numbers.push(...parts.flatMap(({ records }) => records.map(({ number }) => number)));
  const units = textFiles([path]) as AsyncIterable<Unit>;
  const texts: string[] = [];
  for await (const text of unitTexts(units, { onBadRecord: 'skip', onSkipped }))
    texts.push(Buffer.from(text).toString());
  expect(texts.join('')).toBe('a\nb\n');
  expect(numbers).toEqual([2]);
});

test('an array of JSON is read exactly if JSON.parse reads it, however its commas stand', async () => {
  const piece = fc.constantFrom(',', ',', '{"text":"a"}', '"b"', ' ', '\n');
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
      const content = `[${pieces.join('')}]`;
      let expected: string[] | undefined;
      try {
        expected = JSON.parse(content).map((value: string | { text: string }) =>
          typeof value === 'string' ? value : value.text,
        );
      } catch {}
      const path = await put('commas.json', content);
      const read = textOf(path, { allowsEmpty: true });
      if (expected) expect(await read).toBe(asLines(expected));
      else await expect(read).rejects.toThrow('commas.json: is not JSON: ');
    }),
  );
});

test('numbers that Python writes and JSON lacks are read', async () => {
  const path = await put('python.jsonl', '{"a": NaN, "b": [Infinity, -Infinity], "text": "yes"}\n');
  expect(await textOf(path)).toBe('yes\n');
});

test('what is broken is named by file and record', async () => {
  const bad: [string, string, RegExp][] = [
    ['wide.csv', 'id,text\n1,a\n2,b,c\n', /wide\.csv: record 2: this record has 3 fields, expected 2/],
    ['narrow.csv', 'id,text\n1,a\n2\n', /narrow\.csv: record 2: this record has 1 field, expected 2/],
    ['short.csv', 'id,note,text\n1,a\n', /short\.csv: record 1: this record has 2 fields, expected 3/],
    ['open.csv', 'id,text\n1,"a\n2,b\n', /open\.csv: record 1: this record has quotes that are not closed/],
    [
      'other.csv',
      'id,body\n1,a\n',
      /other\.csv: no column "text" \(columns: id, body\); choose one with textField \(its fields are separated by commas\)$/,
    ],
    [
      'semicolons.csv',
      'id;body;note, if any\n1;a,b;\n',
      /semicolons\.csv: no column "text" \(columns: id, body, note, if any\); .*separated by semicolons\)$/,
    ],
    [
      'numbered.csv',
      `12\tThe dog barked and ${'the cat ran. '.repeat(9)}\n13\tYes\n`,
      /numbered\.csv: its first line looks like data, expected the names of the columns, one of them "text" \(textField\); put a line of names first \(fields separated by tabs: 12, The dog barked and the cat ran\. the cat …\)$/,
    ],
    [
      'headless.csv',
      '"The dog barked.",dog\n"The cat ran.",cat\n',
      /headless\.csv: its first line looks like data, .*by commas: The dog barked\., dog\)$/,
    ],
    [
      'years.csv',
      'country,2019,2020\nNorway,1,2\n',
      /years\.csv: no column "text" \(columns: country, 2019, 2020\)/,
    ],
    ['cut.json', '[\n{"text": "a"},\n{"text": "b"', /cut\.json: ends inside its JSON/],
    ['twice.json', '[{"text": "a"},, {"text": "b"}]', /twice\.json: is not JSON: a comma after record 1 /],
    ['first.json', '[, {"text": "a"}]', /first\.json: is not JSON: a comma after record 0 separates nothing/],
    ['last.json', '["a", "b",\n]', /last\.json: is not JSON: a comma after record 2 separates nothing/],
    ['bare.json', '{"text":\n"a"},\n{"text": "b"}', /bare\.json: is not JSON: a comma after record 1 /],
    [
      'joined.json',
      '[{"text": "a"} {"text": "b"}]',
      /joined\.json: is not JSON: no comma separates record 1 from the next; correct it or leave it out$/,
    ],
    [
      'after.json',
      '["a"]\n{"text": "b"}',
      /after\.json: is not JSON: something follows the end of its array/,
    ],
    ['number.json', '[{"text": "a"}, 7]', /number\.json: record 2: this record is not a JSON object/],
    [
      'field.json',
      '[{"text": "a"}, {"body": "b"}]',
      /field\.json: record 2: this record has no field "text"/,
    ],
    [
      'settings.json',
      '{\n  "vocab_size": 30522\n}\n',
      /settings\.json: record 1: this record has no field "text"/,
    ],
  ];
  for (const [name, content, message] of bad)
    await expect(textOf(await put(name, content)), name).rejects.toThrow(message);
});

test('the line of names tells what separates the fields, if only one separator finds the column', async () => {
  const semicolons = '\ufeff\r\nid;"text";note\r\n1;one, two;x\r\n2;"three; four";\r\n';
  expect(await textOf(await put('a.csv', semicolons))).toBe('one, two\nthree; four\n');
  expect(await textOf(await put('b.tsv', semicolons))).toBe('one, two\nthree; four\n');
  expect(await textOf(await put('c.csv', 'text\tid\none;,|\t1\n'))).toBe('one;,|\n');
  await expect(textOf(await put('d.csv', 'id|text'))).rejects.toThrow('d.csv: no text: the input is empty');
  expect(await textOf(await put('e.csv', 'id|text\n1|one'))).toBe('one\n');
  // The usual one where others would do too.
  expect(await textOf(await put('f.csv', 'text\none; two\n'))).toBe('one; two\n');
  expect(await textOf(await put('g.csv', 'text,a;text,b\none; two,three; four,five\n'))).toBe('one; two\n');
  // It is sought in the leading bytes; beyond them fields are separated as usual.
  const long = (separator: string) =>
    `${'n'.repeat(70_000)}${separator}text\n1${separator}one\n2${separator}two\n`;
  expect(await textOf(await put('h.csv', long(',')))).toBe('one\ntwo\n');
  await expect(textOf(await put('i.csv', long(';')))).rejects.toThrow(
    /i\.csv: no column "text" \(columns: n{40}…\)/,
  );
});

test('records under a name of text are refused unless they are asked for', async () => {
  const records: [FormatName, string][] = [
    ['jsonl', '{"text": "a"}\n{"text": "b"}\n'],
    ['json', '[{"text": "a"},\n {"text": "b"}]'],
    ['json', '{\n "text": "a"\n}\n'],
    ['csv', 'text,label\r\na,1\r\nb,2\r\n'],
    ['tsv', 'id\ttext\n1\ta\n2\tb'],
    ['csv', 'text;label\na;1\nb;2\n'],
    ['csv', 'text|label\na|1\nb|2\n'],
    ['csv', '\ufeff"id","text"\n1,a\n2,"b, ""c""\nd"\n'],
    ['csv', `text,used in\n${'a,1\n'.repeat(9)}`],
    ['csv', `id,text\n1,a\n2,b\n3,"${'c'.repeat(1 << 17)}"\n`],
  ];
  for (const [format, content] of records) {
    const path = await put('records.txt', content);
    await expect(textOf(path)).rejects.toThrow(
      `records.txt: looks like ${format}, expected text; read it as that with inputFormat: ${format}`,
    );
    expect(await textOf(path, { inputFormat: format })).toMatch(/^a\n/);
    expect(await textOf(path, { inputFormat: 'text' })).toBe(content.replace('\ufeff', ''));
  }
  for (const prose of [
    '{ braces } and [brackets] are no records\n',
    '[1] A note: "text"\n',
    '{"a" and "b"}\n',
    'text,label\na,1\n',
    'Roses are red, violets are blue,\nSugar is sweet, and so are you,\nI came, I saw,\n',
    'Sweet,sweet\nLow,low\nWind,wind\n',
    'Well,then\nshe said, smiling\nhe agreed, too\nthey left, all of them\n',
    'name,place\n\nAnna,Rome\nBen,Oslo\n',
    'HAMLET\tWho is there?\nGHOST\tMark me.\nHAMLET\tI will.\n',
    '<p>A paragraph</p> of text < more\n',
  ])
    expect(await textOf(await put('prose.txt', prose))).toBe(prose);
  await expect(textOf(await put('wide.txt', Buffer.from('\ufeffabc', 'utf16le')))).rejects.toThrow(
    'is UTF-16, expected text; convert it: iconv',
  );
  await expect(textOf(await put('wider.txt', Buffer.from([255, 254, 0, 0, 97, 0, 0, 0])))).rejects.toThrow(
    'is UTF-32, expected text',
  );
  for (const [kind, content] of [
    ['HTML', '\ufeff\n<!DOCTYPE html>\n<p>a'],
    ['HTML', '<html lang="en"><p>a'],
    ['XML', '<?xml version="1.0"?><a/>'],
    ['RTF', '{\\rtf1\\ansi a}'],
  ] as const) {
    const path = await put('page.txt', content);
    await expect(textOf(path)).rejects.toThrow(`page.txt: is ${kind}, expected text; extract the text`);
    expect(await textOf(path, { inputFormat: 'text' })).toContain(content.slice(-4));
  }
  await expect(textOf(folder, { inputFormat: 'prose' as 'text' })).rejects.toThrow(
    'format prose: expected one of text, jsonl',
  );
});

test('tables and JSON in folders are left out unless they are named or asked for', async () => {
  const inner = await mkdtemp(join(folder, 'inner-'));
  for (const name of ['a.txt', 'b.json', 'c.csv', 'part-00000', 'd.text.gz'])
    await writeFile(join(inner, name), 'x');
  const names = async (inputs: string[], inputFormat?: FormatName) =>
    (await listFiles(inputs, { inputFormat })).files.map(({ path, format }) => `${basename(path)} ${format}`);
  expect(await names([inner])).toEqual(['a.txt text', 'd.text.gz text']);
  expect(await names([join(inner, '*.json'), join(inner, '*.txt')])).toEqual(['a.txt text', 'b.json json']);
  expect(await names([join(inner, '*')])).toEqual(['a.txt text', 'd.text.gz text']);
  expect(await names([join(inner, 'c.csv')])).toEqual(['c.csv csv']);
  expect(await names([inner], 'csv')).toHaveLength(5);
});

const column = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const cell = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll(/[\r\n\0]/g, '.'));
const separators = [',', ';', '\t', '|'] as const;
const separator = fc.constantFrom(...separators);

test('any table with a line of names is recognised, wherever its bytes end', () => {
  const selector = (name: string) => name.toLowerCase();
  const names = fc.uniqueArray(column, { minLength: 2, maxLength: 5, selector });
  const table = names.chain((header) => {
    const row = fc.tuple(...header.map(() => cell.filter((text) => !text.startsWith(' '))));
    return fc.tuple(fc.constant(header), fc.array(row, { minLength: 2, maxLength: 8 }));
  });
  fc.assert(
    fc.property(table, separator, fc.nat(200), ([header, rows], comma, cut) => {
      const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(comma));
      const whole = Buffer.from(`${[header.join(comma), ...quoted].join('\n')}\n`);
      const least = Buffer.byteLength([header.join(comma), ...quoted.slice(0, 2)].join('\n')) + 1;
      const head = whole.subarray(0, Math.max(least, whole.length - cut));
      expect(isTable(head, comma)).toBe(true);
    }),
  );
});

test('no line of prose begins a table', async () => {
  const books = new URL('../../../cli/demo/corpus/', import.meta.url);
  for (const book of ['19-psalms.txt', '20-proverbs.txt', '04-numbers.txt', '45-romans.txt']) {
    const text = await readFile(new URL(book, books));
    for (let start = 0; start >= 0 && start < text.length; start = text.indexOf(10, start) + 1 || -1)
      for (const comma of separators)
        expect(isTable(text.subarray(start, start + 4096), comma), `${book} at ${start}`).toBe(false);
  }
});

test.each(['csv', 'tsv', 'json'] as const)(
  'a .%s file that is not UTF-8 is refused as such',
  async (extension) => {
    const records = { csv: 'id,text\n1,a\n', tsv: 'id\ttext\n1\ta\n', json: '[{"text":"a"}]' }[extension];
    const utf16 = await put(`utf16.${extension}`, Buffer.from(`\ufeff${records}`, 'utf16le'));
    await expect(textOf(utf16)).rejects.toThrow('is UTF-16, expected text; convert it: iconv');
    const binary = await put(`binary.${extension}`, Buffer.alloc(100));
    await expect(textOf(binary)).rejects.toThrow(`binary.${extension}: is binary, expected text`);
  },
);
