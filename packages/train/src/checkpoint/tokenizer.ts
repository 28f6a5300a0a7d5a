import type { TokenizerMetadata } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import { vocabularyHashes } from '@mlm/tokenize/vocabulary';

/**
 * Compares a dataset's tokenizer with a checkpoint's own, if it has one.
 *
 * One matching vocabulary is enough: tokenizer.json omits tokens that vocab.txt lists twice.
 * @param model the user's name for the checkpoint
 * @throws InputError when the dataset's ids are not those that the model learned
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
