import { InputError } from '@mlm/base/errors';
import { type Given, refuseUnknown, settingsOf } from '@mlm/base/options';
import { vocabularyOptions } from '../options.js';
import { bertConfig } from '../tokenizer/carried-files.js';
import { tokenizerFromDefinition } from '../tokenizer/tokenizer.js';
import { chooseAlphabet, spellWithAlphabet } from './alphabet.js';
import { WordCounter } from './count-words.js';
import { learnPieces } from './learn-pieces.js';
import { codePointWords } from './symbol-words.js';

/** How to train a WordPiece vocabulary. */
export interface VocabularyOptions extends Given<typeof vocabularyOptions> {
  /** Special tokens that follow BERT's five, [PAD] [UNK] [CLS] [SEP] [MASK]. Default: none. */
  specialTokens?: readonly string[];
  /** Aborts with an AbortError. Default: none. */
  signal?: AbortSignal;
}

/** What a vocabulary was learned from. */
export interface VocabularyCounts {
  /** Texts read. */
  texts: number;
  /** Their bytes. */
  bytes: number;
  /** Distinct words, without those dropped for lack of room. */
  words: number;
}

/** A trained vocabulary. */
export interface TrainedVocabulary {
  /** Piece of each id. */
  pieces: string[];
  /** vocab.txt, tokenizer.json and tokenizer_config.json as text: `transformers` opens a folder of them. */
  files: Record<string, string>;
  /** What it was learned from. */
  counts: VocabularyCounts;
}

const BERT_SPECIAL_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/**
 * Trains a WordPiece vocabulary in BERT's layout: special tokens, characters, `##` characters, then pieces in the order
 * in which they are learned. The result depends on the texts, their order and the options alone.
 * @param texts UTF-8; a text's end ends a word. Memory is bounded by the longest text and `maxWords`.
 * @throws InputError if an option is out of range or the texts contain no words
 *
 * @example
 * ```ts
 * import { textFiles, trainVocabulary, unitTexts } from '@mlm/tokenize';
 *
 * const { pieces } = await trainVocabulary(unitTexts(textFiles(['corpus/'])), { size: 8000 });
 * ```
 */
export async function trainVocabulary(
  texts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: VocabularyOptions = {},
): Promise<TrainedVocabulary> {
  refuseUnknown(options, { ...vocabularyOptions, specialTokens: true, signal: true });
  const { specialTokens = [], signal } = options;
  const { size, lowercase, minFrequency, limitAlphabet, maxWords } = settingsOf(vocabularyOptions, options);
  const counter = new WordCounter(lowercase, maxWords);
  const counts = { texts: 0, bytes: 0, words: 0 };
  for await (const text of texts) {
    signal?.throwIfAborted();
    counter.add(text);
    counts.texts++;
    counts.bytes += text.length;
  }
  counts.words = counter.table.size;
  if (counts.words === 0) throw new InputError('the input contains no words to train a vocabulary on');

  const pieces = [...new Set([...BERT_SPECIAL_TOKENS, ...specialTokens])];
  const specialCount = pieces.length;
  const words = codePointWords(counter.table);
  spellWithAlphabet(words, chooseAlphabet(words, limitAlphabet), pieces);
  if (pieces.length > size) {
    throw new InputError(
      `vocabulary size ${size}: the special tokens and the alphabet of this text already take ${pieces.length}; choose a larger size`,
    );
  }
  await learnPieces(pieces, words, { size, minFrequency, signal });
  return { pieces, files: tokenizerFiles(pieces, specialCount, lowercase), counts };
}

function tokenizerFiles(
  pieces: readonly string[],
  specialCount: number,
  lowercase: boolean,
): Record<string, string> {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const special = pieces.slice(0, specialCount).map((content, id) => [id, { content, ...flags }]);
  const config = { do_lower_case: lowercase, added_tokens_decoder: Object.fromEntries(special) };
  const vocabulary = pieces.map((piece) => `${piece}\n`).join('');
  const files = { 'vocab.txt': vocabulary, 'tokenizer_config.json': JSON.stringify(config) };
  const { files: complete } = tokenizerFromDefinition({ name: 'the trained vocabulary', files });
  return { ...complete, 'tokenizer_config.json': bertConfig(config) };
}
