import { createHash } from 'node:crypto';
import type { TokenizerMetadata } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';

/** A model of tokenizer.json: WordPiece and BPE give ids by token, Unigram gives tokens and scores in their order. */
interface VocabularyJson {
  model?: { vocab?: Readonly<Record<string, number>> | readonly (readonly [token: string, score: number])[] };
}

type Tokens = readonly (string | undefined)[];

/**
 * SHA-256 of the vocabularies that a checkpoint's files hold, by file, as `@mlm/tokenize` gives it: one token a line in
 * the order of ids. A file that cannot be read as a vocabulary is left out.
 */
export function vocabularyHashes(files: Readonly<Record<string, string>>): Map<string, string> {
  const json = files['tokenizer.json'];
  const text = files['vocab.txt'];
  const found: [string, Tokens | undefined][] = [
    ['tokenizer.json', json === undefined ? undefined : tokensOfJson(json)],
    ['vocab.txt', text === undefined ? undefined : tokensOfText(text)],
  ];
  return new Map(found.flatMap(([name, tokens]) => (tokens ? [[name, hashOf(tokens)]] : [])));
}

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

function tokensOfJson(text: string): Tokens | undefined {
  let json: VocabularyJson | null;
  try {
    json = JSON.parse(text) as VocabularyJson | null;
  } catch {
    return undefined;
  }
  const vocabulary = json?.model?.vocab;
  if (!vocabulary) return undefined;
  if (isScored(vocabulary)) return vocabulary.map(([token]) => token);
  const tokens: (string | undefined)[] = [];
  for (const [token, id] of Object.entries(vocabulary)) tokens[id] = token;
  return tokens;
}

function isScored(
  vocabulary: NonNullable<NonNullable<VocabularyJson['model']>['vocab']>,
): vocabulary is readonly (readonly [token: string, score: number])[] {
  return Array.isArray(vocabulary);
}

function tokensOfText(text: string): Tokens {
  const tokens = text.split(text.includes('\r') ? /\r\n|\r|\n/ : '\n');
  if (tokens.at(-1) === '') tokens.pop();
  return tokens;
}

function hashOf(tokens: Tokens): string {
  const lines = Array.from(tokens, (token, id) => `${token ?? `[no token ${id}]`}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}
