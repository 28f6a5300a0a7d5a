import { markLength } from './format.js';

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
export function isTable(head: Uint8Array, separator: string): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length).subarray(markLength(head));
  if (!beginsWithName(bytes, separator)) return false;
  const { records, rest } = recordsOf(bytes.toString(), separator);
  // The last record may be cut off.
  if (rest.length === records[0]?.length) records.push(rest);
  const [names = [], ...rows] = records;
  const isEachNamed = names.length > 1 && names.every((name) => NAME.test(name));
  const areDifferent = new Set(names.map((name) => name.toLowerCase())).size === names.length;
  if (!isEachNamed || !areDifferent) return false;
  if (rows.length < (names.some((name) => name.includes(' ')) ? ROWS_AFTER_WORDS : ROWS)) return false;
  if (rows.some((row) => row.length !== names.length)) return false;
  const later = rows.flatMap((row) => row.slice(1));
  return later.filter((field) => field.startsWith(' ')).length < later.length / 2;
}

/** Whether a name stands before the first separator: prose, of which there may be many small files, mostly has none. */
function beginsWithName(bytes: Buffer, separator: string): boolean {
  const end = bytes.indexOf(separator);
  if (end < 0) return false;
  const field = bytes.toString('utf8', 0, end);
  return NAME.test(/^".*"$/s.test(field) ? field.slice(1, -1) : field);
}

/** The fields of the first records; a field in quotes may hold separators and line ends. */
function recordsOf(text: string, separator: string): { records: string[][]; rest: string[] } {
  const records: string[][] = [];
  let fields: string[] = [];
  const token = new RegExp(`("(?:[^"]|"")*"|[^${separator}\r\n]*)(${separator}|\r\n?|\n|$)`, 'y');
  for (let match = token.exec(text); match !== null && records.length < RECORDS; match = token.exec(text)) {
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
