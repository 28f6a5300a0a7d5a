import { readFile, writeFile } from 'node:fs/promises';
import type { Tokenizer } from '../tokenizer/types.js';
import type { EncoderImage } from './image.js';

/** An encoder of the bundled tokenizer, set up when the package was built, so that no run has to. */
export interface StoredEncoder {
  image: EncoderImage;
  /** The tokenizer's own, which takes as long to compute. */
  sha256: string;
}

const MEMORY = new URL('../../wasm/bert-base-uncased.memory', import.meta.url);
const DESCRIPTION = new URL('../../wasm/bert-base-uncased.json', import.meta.url);

/** Writes the files that {@link storedEncoder} reads: part of the build. */
export async function storeEncoder(tokenizer: Tokenizer): Promise<void> {
  const source = tokenizer.encoderSource();
  if (!('prepared' in source) || typeof source.prepared.image.memory === 'string')
    throw new Error('the bundled tokenizer has no encoder to store');
  const { memory, ...image } = source.prepared.image;
  await writeFile(MEMORY, new Uint8Array(memory));
  await writeFile(DESCRIPTION, JSON.stringify({ ...image, sha256: tokenizer.sha256 }));
}

/** The encoder as it was stored. */
export async function storedEncoder(): Promise<StoredEncoder> {
  const { sha256, ...image } = JSON.parse(await readFile(DESCRIPTION, 'utf8')) as Omit<
    EncoderImage,
    'memory'
  > & { sha256: string };
  return { image: { ...image, memory: MEMORY.href }, sha256 };
}
