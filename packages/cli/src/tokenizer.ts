import type { Dataset, TokenizerMetadata } from '@mlm/arrow';
import { loadTokenizer, type Tokenizer, tokenizerFromDefinition } from '@mlm/tokenize';
import { type Context, userPath } from './context.js';

/** The tokenizer that made a dataset: the one that it carries, or the one named by `--tokenizer`. */
export async function tokenizerOfDataset(
  context: Context,
  dataset: Dataset,
  named: string | undefined,
): Promise<Tokenizer | undefined> {
  if (named !== undefined) return loadTokenizer(userPath(context, named));
  const carried = dataset.metadata?.tokenizer;
  return carried && tokenizerFromDefinition({ name: carried.name, files: carried.files });
}

/** The tokenizer named by `--tokenizer`, as a dataset would carry it. */
export async function namedTokenizer(context: Context, named: string): Promise<TokenizerMetadata> {
  const { name, sha256, vocabularySize, specialIds, protectedIds, files } = await loadTokenizer(
    userPath(context, named),
  );
  return {
    name,
    sha256,
    vocabulary_size: vocabularySize,
    special_ids: specialIds,
    protected_ids: [...protectedIds],
    files: { ...files },
  };
}
