import { readFileSync, writeFileSync } from 'node:fs';
import type { Tokenizer } from '../tokenizer/types.js';
import type { EncoderImage } from './image.js';

/** The bundled tokenizer, prepared when the package was built, so that no run has to. */
export interface StoredEncoder {
  /** Its encoder, set up. */
  image: EncoderImage;
  /** That of the tokenizer. */
  sha256: string;
  /** The tokenizer's files, the derived ones included, as JSON in UTF-8. */
  readonly filesJson: Uint8Array;
}

const at = (name: string) => new URL(`../../wasm/bert-base-uncased.${name}`, import.meta.url);

/** Writes the files that {@link storedEncoder} reads. Part of the build. */
export function storeEncoder(tokenizer: Tokenizer): void {
  const source = tokenizer.encoderSource();
  if (!('prepared' in source) || typeof source.prepared.image.memory === 'string')
    throw new Error('the bundled tokenizer has no encoder to store');
  const { memory, ...image } = source.prepared.image;
  writeFileSync(at('memory'), new Uint8Array(memory));
  writeFileSync(at('json'), JSON.stringify({ ...image, sha256: tokenizer.sha256 }));
  writeFileSync(at('files.json'), JSON.stringify(tokenizer.files));
}

/** Reads the stored encoder. */
export function storedEncoder(): StoredEncoder {
  const { sha256, ...image } = JSON.parse(readFileSync(at('json'), 'utf8')) as Omit<
    EncoderImage,
    'memory'
  > & { sha256: string };
  return {
    image: { ...image, memory: at('memory').href },
    sha256,
    get filesJson() {
      return readFileSync(at('files.json'));
    },
  };
}
