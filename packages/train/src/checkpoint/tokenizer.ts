import type { TokenizerMetadata } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import { vocabularyHashes } from '@mlm/tokenize/vocabulary';

/**
 * Holds a dataset's tokenizer against a checkpoint's own, where that has one.
 *
 * One vocabulary is enough to agree with: that of a tokenizer.json leaves out what a vocab.txt holds twice.
 * @param model what the user calls the checkpoint
 * @throws InputError when the ids of the dataset are not those that the model learned
 */
export function refuseOtherTokenizer(
  path: string,
  { name, sha256, vocabulary_size }: TokenizerMetadata,
  model: string,
  files: Readonly<Record<string, string>>,
): void {
  const hashes = vocabularyHashes(files);
  const [first] = hashes;
  if (!first || [...hashes.values()].includes(sha256)) return;
  const [file, hash] = first;
  throw new InputError(
    `${path}: its tokenizer ${name} (${vocabulary_size} ids, sha256 ${short(sha256)}) is not the model's, ${model}/${file} (sha256 ${short(hash)}); preprocess with the model's tokenizer`,
  );
}

const short = (hash: string) => `${hash.slice(0, 12)}…`;
