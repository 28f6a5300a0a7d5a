import { expect, it } from 'vitest';
import { InputError } from './errors.js';
import { checkTokenizerFiles, tokenizerFileNames } from './tokenizer-files.js';

it('accepts the names of tokenizer files only', () => {
  const files = Object.fromEntries(tokenizerFileNames.map((name) => [name, 'text']));
  expect(checkTokenizerFiles(files, 'a.arrow')).toBe(files);
  for (const name of ['../../x.txt', '/etc/passwd', 'config.json', 'a/vocab.txt', 'vocab.txt\0', '..', '']) {
    const refused = () => checkTokenizerFiles({ [name]: '' }, 'a.arrow');
    expect(refused, name).toThrow(InputError);
    expect(refused, name).toThrow(`a.arrow: its tokenizer has a file ${JSON.stringify(name)}`);
  }
});

it.each([null, undefined, 5, 'x', [], { 'vocab.txt': 5 }, { 'vocab.txt': null }])('refuses %j', (files) => {
  expect(() => checkTokenizerFiles(files, 'a.arrow')).toThrow(InputError);
});
