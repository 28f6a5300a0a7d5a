import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DatasetDescription, TokenizerMetadata } from './metadata.js';
import { metadataJson, metadataText, tokenizerJson, withFilesJson } from './metadata-text.js';

const utf8 = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const text = fc.string({ unit: 'binary' });
const tokenizers = fc.record({
  name: text,
  sha256: fc.string(),
  vocabulary_size: fc.nat(),
  special_ids: fc.record({ cls: fc.nat(), sep: fc.nat(), pad: fc.nat(), unk: fc.nat(), mask: fc.nat() }),
  protected_ids: fc.array(fc.nat()),
});
const files = fc.dictionary(text, text);

function describedBy(tokenizer: TokenizerMetadata): DatasetDescription {
  return {
    format_version: 1,
    generator: 'mlm “0”',
    tokenizer,
    sequence_length: 128,
    cut: { document: 'blank-line', line_by_line: false, overflow: 'wrap', pack: undefined },
    masking: null,
  };
}

test('metadata equals JSON.stringify’s, whether or not the tokenizer’s files were already JSON', () => {
  fc.assert(
    fc.property(tokenizers, files, (others, files) => {
      const plain: TokenizerMetadata = { ...others, files };
      for (const tokenizer of [plain, withFilesJson(others, utf8(files))]) {
        expect(tokenizer).toEqual(plain);
        expect(tokenizerJson(tokenizer)).toEqual(utf8(plain));
        expect(metadataJson(describedBy(tokenizer))).toEqual(utf8(describedBy(plain)));
        expect(metadataText(describedBy(tokenizer))).toBe(JSON.stringify(describedBy(plain)));
      }
    }),
  );
});
