import { BertTokenizer } from '@huggingface/transformers';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadTokenizer } from '../tokenizer/load.js';

// @huggingface/transformers differs from Rust tokenizers on ideographs beyond the basic plane, on a final sigma, and on
// characters that Node's Unicode knows and the reference does not: none of them is drawn here.
const text = fc
  .array(
    fc.constantFrom(
      ...[
        'The',
        'tokenization',
        'naïve',
        'Łódź',
        'привет',
        '中文',
        '日本',
        'don’t',
        '—',
        '(',
        '3.14',
        'a_b',
        'x'.repeat(101),
      ],
      ...[
        '[MASK]',
        '[mask]',
        '“',
        '”',
        '…',
        'İstanbul',
        'e\u0301',
        '한국',
        '\u200b',
        '\u00a0',
        ' ',
        ' ',
        ' ',
        '\n',
        '\t',
      ],
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

it('equals the tokenizer of @huggingface/transformers', async () => {
  const tokenizer = await loadTokenizer();
  const parse = (name: string) => JSON.parse(tokenizer.files[name]!);
  const theirs = new BertTokenizer(parse('tokenizer.json'), parse('tokenizer_config.json'));
  const encoder = tokenizer.encoder();
  fc.assert(
    fc.property(text, (text) => {
      const { ids } = encoder.encode(Buffer.from(text), { document: 'none' });
      expect([...ids]).toEqual(theirs.encode(text, { add_special_tokens: false }));
    }),
    { numRuns: 200 },
  );
});
