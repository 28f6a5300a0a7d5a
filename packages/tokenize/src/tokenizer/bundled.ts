import { readFileSync, writeFileSync } from 'node:fs';
import type { EncoderImage, PreparedEncoder } from '../encoder/image.js';
import { encoderModule } from '../encoder/modules.js';
import { WordPieceEncoder } from '../encoder/wordpiece.js';
import { bertTokenizer } from './bert.js';
import { readFolder } from './folder.js';
import type { Tokenizer } from './types.js';

/** The name of the bundled tokenizer. */
export const BUNDLED = 'bert-base-uncased';

/** What the build stores of the bundled tokenizer besides its files and its encoder's memory. */
interface Stored extends Pick<Tokenizer, 'sha256' | 'vocabularySize' | 'specialIds' | 'protectedIds'> {
  image: Omit<EncoderImage, 'memory'>;
}

const stored = (name: string) => new URL(`../../wasm/${BUNDLED}.${name}`, import.meta.url);

/** Stores the bundled tokenizer for {@link bundledTokenizer}. Part of the build. */
export function storeTokenizer(tokenizer: Tokenizer): void {
  const source = tokenizer.encoderSource();
  if (!('prepared' in source) || typeof source.prepared.image.memory === 'string')
    throw new Error('the bundled tokenizer has no encoder to store');
  const { memory, ...image } = source.prepared.image;
  const { sha256, vocabularySize, specialIds, protectedIds } = tokenizer;
  const kept: Stored = { sha256, vocabularySize, specialIds, protectedIds, image };
  writeFileSync(stored('memory'), new Uint8Array(memory));
  writeFileSync(stored('json'), JSON.stringify(kept));
  writeFileSync(stored('files.json'), JSON.stringify(tokenizer.files));
}

/**
 * The bundled tokenizer, as the build has stored it. Its vocabulary is read only for what a run of `preprocess` does
 * without.
 */
export function bundledTokenizer(): Tokenizer {
  const { image, ...kept } = JSON.parse(readFileSync(stored('json'), 'utf8')) as Stored;
  const prepared = (): PreparedEncoder => ({
    image: { ...image, memory: stored('memory').href },
    module: encoderModule('wordpiece'),
  });
  let whole: Tokenizer | undefined;
  const fromVocabulary = (): Tokenizer => {
    whole ??= tokenizerOf(readFileSync(new URL(`../../vocabulary/${BUNDLED}.txt`, import.meta.url), 'utf8'));
    return whole;
  };
  return {
    name: BUNDLED,
    ...kept,
    get wordStarts() {
      return fromVocabulary().wordStarts;
    },
    get files() {
      return fromVocabulary().files;
    },
    get filesJson() {
      return readFileSync(stored('files.json'));
    },
    encoder: () => WordPieceEncoder.from(prepared()),
    encoderSource: () => ({ prepared: prepared() }),
    hasToken: (id) => fromVocabulary().hasToken(id),
    idToToken: (id) => fromVocabulary().idToToken(id),
    decode: (ids) => fromVocabulary().decode(ids),
    definition: () => fromVocabulary().definition(),
  };
}

function tokenizerOf(vocabulary: string): Tokenizer {
  const definition = { name: BUNDLED, files: { 'vocab.txt': vocabulary } };
  return bertTokenizer(definition, readFolder(definition.files, BUNDLED));
}
