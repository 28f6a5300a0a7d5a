import { InputError, mention, say } from '@mlm/base/errors';
import { markLength } from './format.js';

/** What separates the fields of a table, with the name for messages. */
const SEPARATORS = [
  [',', 'commas'],
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'vertical bars'],
] as const;

export type Separator = (typeof SEPARATORS)[number][0];

/** Records that are looked at. */
const RECORDS = 100;

/** A column's name: one word, or up to three. */
const NAME = /^[\p{L}_][\p{L}\p{N}_.-]*(?: [\p{L}\p{N}_.-]+){0,2}$/u;

/** Rows beside the line of names: more where that may be the beginning of a sentence. */
const ROWS = 2;
const ROWS_AFTER_WORDS = 9;

/**
 * Whether bytes begin as a table with a line of names. Prose must never be taken for one: there, lines differ in their
 * commas, and a space follows each.
 */
export function isTable(head: Uint8Array, separator: Separator): boolean {
  const mark = markLength(head);
  if (!mayBeginWithName(head, mark, separator.charCodeAt(0))) return false;
  const bytes = Buffer.from(head.buffer, head.byteOffset + mark, head.length - mark);
  if (!beginsWithName(bytes, separator)) return false;
  const text = bytes.toString();
  const [names = []] = recordsOf(text, separator, 1).records;
  const isEachNamed = names.length > 1 && names.every((name) => NAME.test(name));
  const areDifferent = new Set(names.map((name) => name.toLowerCase())).size === names.length;
  if (!isEachNamed || !areDifferent) return false;
  const { records, rest } = recordsOf(text, separator, RECORDS);
  const rows = records.slice(1);
  // The last record may be cut off.
  if (rest.length === names.length) rows.push(rest);
  if (rows.length < (names.some((name) => name.includes(' ')) ? ROWS_AFTER_WORDS : ROWS)) return false;
  if (rows.some((row) => row.length !== names.length)) return false;
  const later = rows.flatMap((row) => row.slice(1));
  return later.filter((field) => field.startsWith(' ')).length < later.length / 2;
}

/**
 * Whether a name stands before the first separator, and perhaps one behind it: prose, of which there may be many small
 * files, mostly has a space there.
 */
function beginsWithName(bytes: Buffer, separator: string): boolean {
  const end = bytes.indexOf(separator);
  if (end < 0) return false;
  const next = bytes[end + 1]!;
  if (next !== QUOTE && NAME_BYTES[next] === 0) return false;
  const field = bytes.toString('utf8', 0, end);
  return NAME.test(/^".*"$/s.test(field) ? field.slice(1, -1) : field);
}

const QUOTE = 34;
const SPACE = 32;

/** Bytes of ASCII that {@link NAME} allows beside spaces. */
const NAME_BYTES = new Uint8Array(128).map((_, byte) => (/[\w.-]/.test(String.fromCharCode(byte)) ? 1 : 0));

/**
 * False for most prose, without making a string: a name has at most two spaces and little else of ASCII.
 * @param from - where to begin
 */
function mayBeginWithName(bytes: Uint8Array, from: number, separator: number): boolean {
  if (bytes[from] === QUOTE) return true;
  let spaces = 0;
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === separator) return true;
    if (byte === SPACE ? ++spaces > 2 : NAME_BYTES[byte] === 0) return false;
  }
  return false;
}

/** The fields of the first records; a field in quotes may hold separators and line ends. */
function recordsOf(text: string, separator: string, limit: number): { records: string[][]; rest: string[] } {
  const records: string[][] = [];
  let fields: string[] = [];
  const token = new RegExp(`("(?:[^"]|"")*"|[^${separator}\r\n]*)([${separator}]|\r\n?|\n|$)`, 'y');
  for (let match = token.exec(text); match !== null && records.length < limit; match = token.exec(text)) {
    const [, field = '', end = ''] = match;
    const isQuoted = field.startsWith('"');
    // The text ends within quotes.
    if (isQuoted && (field.length === 1 || !field.endsWith('"'))) break;
    fields.push(isQuoted ? field.slice(1, -1) : field);
    if (end === separator) continue;
    if (end === '') return { records, rest: fields };
    records.push(fields);
    fields = [];
  }
  return { records, rest: [] };
}

/**
 * The separator of a table by its line of names: the usual one, unless the text's column is found by another alone.
 * Without such a column, which is an error, the one that finds the most names is best for the message.
 * @param head - the first bytes of the table, or all of them
 * @param isWhole - whether they are all
 */
export function separatorOf(head: Uint8Array, isWhole: boolean, field: string, usual: Separator): Separator {
  const text = Buffer.from(head.subarray(markLength(head)))
    .toString()
    .replace(/^[\r\n]+/, '');
  const named = SEPARATORS.map(([separator]) => {
    const { records, rest } = recordsOf(text, separator, 1);
    return { separator, names: records[0] ?? (isWhole ? rest : []) };
  });
  const own = named.find(({ separator }) => separator === usual)!;
  const having = named.filter(({ names }) => names.includes(field));
  if (having.length > 0) return having.length === 1 ? having[0]!.separator : usual;
  return named.reduce((most, other) => (other.names.length > most.names.length ? other : most), own)
    .separator;
}

/** Names, and characters of each, that a message shows. */
const SHOWN_NAMES = 20;
const SHOWN_CHARACTERS = 40;

/** The error for a table without the column of text: it has another name, or the first line is none of names. */
export function noNamedColumn(
  path: string,
  field: string,
  names: readonly string[],
  separator: Separator,
): InputError {
  const separators = SEPARATORS.find(([each]) => each === separator)![1];
  const shown =
    names.slice(0, SHOWN_NAMES).map(shorten).join(', ') + (names.length > SHOWN_NAMES ? ', …' : '');
  if (looksLikeData(names))
    return new InputError(
      say`${path}: its first line looks like data, expected the names of the columns, one of them "${field}" (${mention('textField')}); put a line of names first (fields separated by ${separators}: ${shown})`,
    );
  return new InputError(
    say`${path}: no column "${field}" (columns: ${shown}); choose one with ${mention('textField')} (its fields are separated by ${separators})`,
  );
}

function shorten(name: string): string {
  const plain = name.trim().replaceAll(/\s+/g, ' ');
  return plain.length > SHOWN_CHARACTERS ? `${plain.slice(0, SHOWN_CHARACTERS)}…` : plain;
}

/** Whether a first line holds a sentence or an address, or begins with a number, rather than names. */
function looksLikeData(names: readonly string[]): boolean {
  return /^\s*[-+]?\d+([.,]\d+)*\s*$/.test(names[0]!) || names.some((name) => SENTENCE.test(name));
}

const SENTENCE = /^\s*https?:|[.!?]\s*$|\S(?:\s+\S+){6}/;
