import { expect, test } from 'vitest';
import { recognise } from './index.js';

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
  ['prose without any', 'Once there was a king.\nHe had a son.\n', undefined],
  ['prose that quotes an object', 'As in {"text": "a"}\n{"text": "b"}\n', undefined],
  ['nothing but spaces', ' \n\t\r\n', undefined],
])('%s', (_, text, name) => {
  expect(recognise(Buffer.from(text))?.name).toBe(name);
});
