import { expect, test } from 'vitest';
import { compressionByName, formatByName, recognise } from './index.js';

test.each([
  [
    'a mark, blank lines and spaces before the first object',
    '\ufeff\n \t{"text": "a"}\n{"text": "b"}\n',
    'jsonl',
  ],
  ['one object that is cut off', '  {"text": "a b c', 'jsonl'],
  ['a table whose first name is in quotes', '"id",text\n1,one\n2,two\n3,three\n', 'csv'],
  ['a table after a mark', '\ufeffid,text\n1,one\n2,two\n3,three\n', 'csv'],
  ['a table with tabs', 'id\ttext\n1\tone\n2\ttwo\n3\tthree\n', 'tsv'],
  ['prose with a comma in it', 'Once there was, far away, a king.\nHe had, they say, a son.\n', undefined],
  ['a table whose first name has three words', 'a b ü,text\n'.concat('1,one\n'.repeat(10)), 'csv'],
  ['a comma after four words', 'a b c d,text\n'.concat('1,one\n'.repeat(10)), undefined],
  ['prose without any', 'Once there was a king.\nHe had a son.\n', undefined],
  ['prose that quotes an object', 'As in {"text": "a"}\n{"text": "b"}\n', undefined],
  ['nothing but spaces', ' \n\t\r\n', undefined],
])('%s', (_, text, name) => {
  expect(recognise(Buffer.from(text))?.name).toBe(name);
});

test.each([
  ['a/b.TXT', 'text', 'none'],
  ['a.b/c', undefined, 'none'],
  ['a.jsonl.GZ', 'jsonl', 'gzip'],
  ['a.parquet.zst', 'parquet', 'zstd'],
  ['.txt', 'text', 'none'],
  ['.gz', undefined, 'gzip'],
  ['txt', undefined, 'none'],
  // Names of what each object has.
  ['a.constructor', undefined, 'none'],
  ['a.txt.constructor', undefined, 'none'],
])('%s', (path, format, compression) => {
  expect([formatByName(path)?.name, compressionByName(path)]).toEqual([format, compression]);
});
