import type { DatasetDescription, DatasetMetadata, TokenizerMetadata } from './metadata.js';

/** The key-value metadata of a schema. A long value may be in UTF-8 already. */
export type SchemaMetadata = ReadonlyMap<string, string | Uint8Array>;

/** A value of it as text. */
export const valueText = (value: string | Uint8Array): string =>
  typeof value === 'string' ? value : new TextDecoder().decode(value);

const tokenizers = new WeakMap<TokenizerMetadata, Uint8Array>();
const encoder = new TextEncoder();

/**
 * A tokenizer's metadata as JSON in UTF-8. With its files it is about a megabyte and used several times per run, so it is
 * cached.
 */
export function tokenizerJson(tokenizer: TokenizerMetadata): Uint8Array {
  let json = tokenizers.get(tokenizer);
  if (json === undefined) {
    json = encoder.encode(JSON.stringify(tokenizer));
    tokenizers.set(tokenizer, json);
  }
  return json;
}

/** A tokenizer's metadata with files that are JSON already, which is parsed only where somebody reads them. */
export function withFilesJson(
  tokenizer: Omit<TokenizerMetadata, 'files' | 'word_starts'>,
  filesJson: Uint8Array,
): TokenizerMetadata {
  let files: Record<string, string> | undefined;
  const metadata: TokenizerMetadata = {
    ...tokenizer,
    get files() {
      files ??= JSON.parse(valueText(filesJson)) as Record<string, string>;
      return files;
    },
  };
  tokenizers.set(metadata, joined([`${JSON.stringify(tokenizer).slice(0, -1)},"files":`, filesJson, '}']));
  return metadata;
}

/** The value of the schema metadata key `mlm`, equal to what `JSON.stringify` returns, in UTF-8. */
export function metadataJson(metadata: DatasetDescription | DatasetMetadata): Uint8Array {
  const members = Object.entries(metadata)
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value], i) => [
      `${i === 0 ? '' : ','}${JSON.stringify(name)}:`,
      name === 'tokenizer' ? tokenizerJson(value as TokenizerMetadata) : JSON.stringify(value),
    ]);
  return joined(['{', ...members, '}']);
}

/** {@link metadataJson} as a string. */
export function metadataText(metadata: DatasetDescription | DatasetMetadata): string {
  return valueText(metadataJson(metadata));
}

function joined(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const encoded = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const bytes = new Uint8Array(encoded.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of encoded) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
