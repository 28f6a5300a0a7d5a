import { expect, it } from 'vitest';
import { wordTokenizerMetadata } from './metadata.js';
import { tokenizerFromDefinition } from './tokenizer.js';
import { findWordStarts, wordMark } from './word-starts.js';

it('takes what has no ## for the beginning of a word in WordPiece', () => {
  const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'un', '##like', '#', '##', '.'];
  const tokenizer = tokenizerFromDefinition({
    name: 'test',
    files: { 'vocab.txt': `${tokens.join('\n')}\n` },
  });
  expect([...tokenizer.wordStarts]).toEqual([1, 1, 1, 1, 1, 1, 0, 1, 0, 1]);
  // Bits 0 to 7 in the first byte, from the lowest on: 1 1 1 1 1 1 0 1.
  expect(Buffer.from(wordTokenizerMetadata(tokenizer).word_starts!, 'base64')).toEqual(
    Buffer.from([0xbf, 0x02]),
  );
});

it('takes a space’s mark for the beginning of a word in the other models', () => {
  const bytes = wordMark({ type: 'Sequence', pretokenizers: [{ type: 'ByteLevel' }] });
  expect([...findWordStarts(['Ġthe', 'm', ',', 'ĊĊ', undefined], bytes)]).toEqual([1, 0, 0, 1, 1]);
  const pieces = wordMark({ type: 'Metaspace', replacement: '▁' });
  expect([...findWordStarts(['▁the', 'm', '▁', 'Ġ'], pieces)]).toEqual([1, 0, 1, 0]);
});
