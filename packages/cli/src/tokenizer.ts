import type { Dataset, TokenizerMetadata } from '@mlm/arrow';
import { loadTokenizer, type Tokenizer, tokenizerFromDefinition, tokenizerMetadata } from '@mlm/tokenize';

/** A dataset's tokenizer: the one named by `--tokenizer`, else the one that the dataset carries. */
export async function tokenizerOfDataset(dataset: Dataset, named?: string): Promise<Tokenizer | undefined> {
  if (named !== undefined) return loadTokenizer(named);
  const carried = dataset.metadata?.tokenizer;
  if (!carried || Object.keys(carried.files).length === 0) return undefined;
  return tokenizerFromDefinition({ name: carried.name, files: carried.files });
}

/** The tokenizer named by `--tokenizer`, as dataset metadata. */
export async function namedTokenizer(named: string): Promise<TokenizerMetadata> {
  return tokenizerMetadata(await loadTokenizer(named));
}
