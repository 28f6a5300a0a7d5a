import type { TokenizerMetadata } from '@mlm/arrow';
import type { Tokenizer } from './types.js';

/** A tokenizer as a dataset's metadata carries it, its files included. */
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
  return {
    name: tokenizer.name,
    sha256: tokenizer.sha256,
    vocabulary_size: tokenizer.vocabularySize,
    special_ids: tokenizer.specialIds,
    protected_ids: [...tokenizer.protectedIds],
    files: { ...tokenizer.files },
  };
}
