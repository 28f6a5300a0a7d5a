import type { DatasetDescription } from '../src/metadata.js';

/** A small dataset's description. */
export function description(): DatasetDescription {
  return {
    format_version: 1,
    generator: 'test',
    tokenizer: {
      name: 'tiny',
      sha256: '00',
      vocabulary_size: 9,
      special_ids: { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 },
      protected_ids: [0, 1, 2, 3, 4],
      files: { 'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\n' },
    },
    sequence_length: 8,
    cut: { document: 'blank-line', line_by_line: false, overflow: 'wrap' },
    masking: null,
  };
}
