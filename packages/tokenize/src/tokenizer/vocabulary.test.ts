import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readFolder } from './folder.js';
import { parseVocabulary, vocabularyText } from './vocabulary.js';

it('reads lines as transformers 5 does: white space at their end is none of the token', () => {
  const text =
    '[PAD]\r\n[UNK]\ndrug \nalso\t\n\na\rb\n  lead\n\xa0nb\xa0\nc\v\nd\x1c\ne\u2028\nf\ufeff\ng\u200b\nh\x85\ntwo words';
  // What BertTokenizer.from_pretrained of transformers 5.23 gives for these lines.
  const tokens = [
    '[PAD]',
    '[UNK]',
    'drug',
    'also',
    '',
    'a\rb',
    '  lead',
    '\xa0nb',
    'c',
    'd\x1c',
    'e',
    'f\ufeff',
  ];
  expect(parseVocabulary(text)).toEqual([...tokens, 'g\u200b', 'h', 'two words']);
  expect(parseVocabulary(`${text}\n`)).toEqual(parseVocabulary(text));
});

it('reads what it wrote', () => {
  const tokens = ['[PAD]', '[UNK]', 'drug', '##s', 'é'];
  expect(parseVocabulary(vocabularyText(tokens))).toEqual(tokens);
});

it('gives a token whose line ends in a space the id that it has in Python', () => {
  const vocabulary = '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ndrug \n';
  const { json } = readFolder({ 'vocab.txt': vocabulary }, 'folder');
  expect(json.model.vocab).toMatchObject({ drug: 5 });
});

it('reads lines as a pattern of lines and white space at their end would, however long that is', () => {
  const spaces = '[\\t\\v\\f\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*';
  const character = fc.constantFrom(
    'a',
    '\n',
    '\r',
    ' ',
    '\t',
    '\x85',
    '\u2003',
    '\u200b',
    '\u3000',
    '\ufeff',
    '𝒳',
  );
  fc.assert(
    fc.property(fc.array(character, { maxLength: 30 }), (characters) => {
      const text = characters.join('');
      const lines = text.split(new RegExp(`${spaces}\\n`));
      const last = lines.pop()!.replace(new RegExp(`${spaces}$`), '');
      expect(parseVocabulary(text)).toEqual(last === '' ? lines : [...lines, last]);
    }),
    { numRuns: 500 },
  );
  const space = ' '.repeat(2_000_000);
  expect(parseVocabulary(`${space}a${space}\n${space}`)).toEqual([`${space}a`]);
});
