import type { DatasetDescription, DatasetMetadata, TokenizerMetadata } from './metadata.js';

const tokenizerTexts = new WeakMap<TokenizerMetadata, string>();

/**
 * A tokenizer's metadata as JSON. With its files it is about a megabyte and used several times per run, so it is
 * cached.
 */
export function tokenizerText(tokenizer: TokenizerMetadata): string {
  let text = tokenizerTexts.get(tokenizer);
  if (text === undefined) {
    text = JSON.stringify(tokenizer);
    tokenizerTexts.set(tokenizer, text);
  }
  return text;
}

/** The value of the schema metadata key `mlm`, equal to what `JSON.stringify` returns. */
export function metadataText(metadata: DatasetDescription | DatasetMetadata): string {
  const members = Object.entries(metadata).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const text = name === 'tokenizer' ? tokenizerText(value as TokenizerMetadata) : JSON.stringify(value);
    return [`${JSON.stringify(name)}:${text}`];
  });
  return `{${members.join(',')}}`;
}
