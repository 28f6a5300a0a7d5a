import { InputError } from '@mlm/base/errors';
import { arrow } from './arrow.js';
import { compressions } from './compression.js';
import { csv, tsv } from './csv.js';
import {
  type Content,
  type ContentName,
  type Format,
  type FormatName,
  formatNames,
  type InputFile,
} from './format.js';
import { json } from './json.js';
import { jsonl } from './jsonl.js';
import { lines } from './lines.js';
import { parquet } from './parquet.js';
import { text } from './text.js';

/** All formats by name: the only list of them. */
const byName: Readonly<Record<FormatName, Format>> = { text, jsonl, json, csv, tsv, parquet, arrow };
const formats = formatNames.map((name) => byName[name]);

const byExtension = new Map(formats.flatMap((format) => format.extensions.map((end) => [end, format])));
const contents = new Map(
  [lines, ...formats.map(({ content }) => content)].map((content) => [content.name, content]),
);

/** @throws InputError if there is no such format */
export function formatOf(name: FormatName): Format {
  if (!Object.hasOwn(byName, name))
    throw new InputError(`format ${name}: expected one of ${formatNames.join(', ')}`);
  return byName[name];
}

export function contentOf(name: ContentName): Content {
  return contents.get(name)!;
}

/** The format by a file's extension, ignoring one for compression; `undefined` if it is unknown. */
export function formatByName(path: string): Format | undefined {
  const end = path.lastIndexOf('.');
  const last = extensionBefore(path, path.length);
  if (last === undefined) return undefined;
  const inner = compressions.has(last) ? extensionBefore(path, end) : last;
  return inner === undefined ? undefined : byExtension.get(inner);
}

/** The compression by a file's extension. */
export function compressionByName(path: string): InputFile['compression'] {
  return compressions.get(extensionBefore(path, path.length) ?? '') ?? 'none';
}

/** The extension of a path that ends at `end`, in lower case; `undefined` without a dot. */
function extensionBefore(path: string, end: number): string | undefined {
  const dot = path.lastIndexOf('.', end - 1);
  return dot < 0 ? undefined : path.slice(dot + 1, end).toLowerCase();
}

/** The extensions that are read, for messages: `.txt, .jsonl, .parquet or .arrow, also as .gz or .zst`. */
export function knownExtensions(): string {
  const ends = formats.filter(({ onlyNamed }) => !onlyNamed).map(({ extensions }) => `.${extensions[0]}`);
  const compressed = [...compressions.keys()].map((end) => `.${end}`);
  return `${alternatives(ends)}, also as ${alternatives(compressed)}`;
}

/** The extensions of files that are read only when named, for messages. */
export function onlyNamedExtensions(): string {
  return alternatives(
    formats.filter(({ onlyNamed }) => onlyNamed).map(({ extensions }) => `.${extensions[0]}`),
  );
}

/** The format that the first bytes of an input identify beyond doubt, if any. */
export function recognise(head: Uint8Array): Format | undefined {
  return formats.find((format) => format.recognises?.(head) === true);
}

function alternatives(words: string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
