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
