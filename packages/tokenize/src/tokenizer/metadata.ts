import { type TokenizerMetadata, withFilesJson } from '@mlm/arrow/columns';
import { defined } from '@mlm/base/defined';
import type { Tokenizer } from './types.js';

/**
 * A tokenizer as a dataset's metadata carries it, its files included.
 *
 * @example
 * ```ts
 * import { loadTokenizer, tokenizerMetadata } from '@mlm/tokenize';
 *
 * const { vocabulary_size, special_ids } = tokenizerMetadata(await loadTokenizer());
 * ```
 */
export function tokenizerMetadata(tokenizer: Tokenizer): TokenizerMetadata {
  let metadata = known.get(tokenizer);
  if (metadata === undefined) {
    metadata = makeMetadata(tokenizer);
    known.set(tokenizer, metadata);
  }
  return metadata;
}

const known = new WeakMap<Tokenizer, TokenizerMetadata>();

function makeMetadata(tokenizer: Tokenizer): TokenizerMetadata {
  const metadata = {
    name: tokenizer.name,
    ...defined({ revision: tokenizer.revision }),
    sha256: tokenizer.sha256,
    vocabulary_size: tokenizer.vocabularySize,
    special_ids: tokenizer.specialIds,
    protected_ids: [...tokenizer.protectedIds],
  };
  const { filesJson } = tokenizer;
  if (filesJson !== undefined) return withFilesJson(metadata, filesJson);
  return { ...metadata, files: { ...tokenizer.files } };
}

/** The same for format version 2, which adds one bit per id: whether it begins a word. */
export function wordTokenizerMetadata(tokenizer: Tokenizer): TokenizerMetadata {
  return { ...tokenizerMetadata(tokenizer), word_starts: packBits(tokenizer.wordStarts) };
}

/** Bit `id & 7` of byte `id >> 3`, in base64. */
function packBits(flags: Uint8Array): string {
  const bytes = Buffer.alloc((flags.length + 7) >>> 3);
  for (const [id, flag] of flags.entries()) bytes[id >>> 3]! |= flag << (id & 7);
  return bytes.toString('base64');
}
