import { arrow } from './arrow.js';
import { compressions } from './compression.js';
import type { Content, ContentName, Format, FormatName, InputFile } from './format.js';
import { jsonl } from './jsonl.js';
import { lines } from './lines.js';
import { parquet } from './parquet.js';
import { text } from './text.js';

/** All formats: the only list of them. */
const formats: readonly Format[] = [text, jsonl, parquet, arrow];

const byName = new Map(formats.map((format) => [format.name, format]));
const byExtension = new Map(formats.flatMap((format) => format.extensions.map((end) => [end, format])));
const contents = new Map(
  [lines, ...formats.map(({ content }) => content)].map((content) => [content.name, content]),
);

export function formatOf(name: FormatName): Format {
  return byName.get(name)!;
}

export function contentOf(name: ContentName): Content {
  return contents.get(name)!;
}

/** The format and compression that a file's name tells; `undefined` when its end is unknown. */
export function kindOf(path: string): Pick<InputFile, 'format' | 'compression'> | undefined {
  const parts = path.toLowerCase().split('.');
  const compression = compressions[parts.at(-1)!];
  const format = byExtension.get(parts.at(compression ? -2 : -1)!);
  if (!format || parts.length < (compression ? 3 : 2)) return undefined;
  return { format: format.name, compression: compression ?? 'none' };
}

/** The ends of names that are read, for messages: `.txt, .jsonl, .parquet or .arrow, also as .gz or .zst`. */
export function knownExtensions(): string {
  const ends = formats.map(({ extensions }) => `.${extensions[0]}`);
  const compressed = Object.keys(compressions).map((end) => `.${end}`);
  return `${alternatives(ends)}, also as ${alternatives(compressed)}`;
}

/** The format, if any, of an input without a name that begins with these bytes. */
export function recognise(head: Uint8Array): Format | undefined {
  return formats.find((format) => format.recognises?.(head) === true);
}

function alternatives(words: string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
