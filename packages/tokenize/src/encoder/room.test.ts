import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadTokenizer } from '../tokenizer/load.js';
import type { DocumentMode } from '../tokenizer/types.js';

const fixture = (name: string) => new URL(`../../fixtures/${name}.json`, import.meta.url).pathname;

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('the ', 'Unaffable ', '[MASK]', '<mask> ', '\n', '\n\n', '. ', '一二', 'naïveté '),
      fc.string({ maxLength: 9 }),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => Buffer.from(pieces.join('')));
const mode = fc.constantFrom<DocumentMode[]>('none', 'line', 'blank-line');

test.each([
  ['WordPiece', undefined],
  ['byte-level BPE', fixture('pipeline/roberta')],
  ['Unigram', fixture('pipeline/albert')],
])('a text that was read into the room of an encoder has the same ids: %s', async (_name, source) => {
  const tokenizer = await loadTokenizer(source);
  const [there, copied] = [tokenizer.encoder(), tokenizer.encoder()];
  fc.assert(
    fc.property(text, fc.nat(9), fc.nat(9), mode, (bytes, before, after, document) => {
      // What is read may begin with a mark and end with what belongs to no text.
      const room = there.room!(before + bytes.length + after)!;
      room.fill(0x61).set(bytes, before);
      const own = room.subarray(before, before + bytes.length);
      expect(there.encode(own, { document })).toEqual(copied.encode(bytes, { document }));
    }),
  );
});

test('an encoder has no room for a text that it cannot encode', async () => {
  const encoder = (await loadTokenizer()).encoder();
  expect(encoder.room!(2 ** 28 + 1)).toBeUndefined();
});
