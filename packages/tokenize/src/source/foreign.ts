import { InputError, mention, say } from '@mlm/base/errors';
import { firstCharacter, markLength } from '../formats/format.js';
import { recognise } from '../formats/index.js';
import type { UnitPart } from './unit.js';

/** The first bytes of files that are not text, and what to do about such files. */
const SIGNATURES: readonly { bytes: readonly number[]; is: string; remedy: string }[] = [
  { bytes: [0x1f, 0x8b], is: 'gzip data', remedy: 'decompress it, or name the file with .gz' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], is: 'zstd data', remedy: 'decompress it, or name the file with .zst' },
  { bytes: ascii('BZh'), is: 'bzip2 data', remedy: 'decompress it' },
  { bytes: [0xfd, ...ascii('7zXZ')], is: 'xz data', remedy: 'decompress it' },
  { bytes: ascii('PK\x03\x04'), is: 'a zip file', remedy: 'unpack it' },
  { bytes: ascii('%PDF-'), is: 'a PDF file', remedy: 'convert it to text' },
  { bytes: ascii('PAR1'), is: 'a Parquet file', remedy: 'rename it to end in .parquet' },
  {
    bytes: ascii('FEA1'),
    is: 'a file of Feather V1',
    remedy: 'convert it with pandas, read_feather(…).to_feather(…), name it .arrow',
  },
  { bytes: ascii('ARROW1'), is: 'an Arrow file', remedy: 'rename it to end in .arrow' },
  { bytes: [0xff, 0xff, 0xff, 0xff], is: 'an Arrow stream', remedy: 'rename it to end in .arrow' },
  { bytes: [0xff, 0xfe, 0, 0], is: 'UTF-32', remedy: 'convert it: iconv -f UTF-32 -t UTF-8' },
  { bytes: [0xff, 0xfe], is: 'UTF-16', remedy: 'convert it: iconv -f UTF-16 -t UTF-8' },
  { bytes: [0xfe, 0xff], is: 'UTF-16', remedy: 'convert it: iconv -f UTF-16 -t UTF-8' },
];

/** The first characters of other kinds of text, after a byte order mark and space; such files are read as text only if asked for. */
const MARKUP: readonly { begins: RegExp; is: string }[] = [
  { begins: /^<(?:!doctype\s+html|html)\b/i, is: 'HTML' },
  { begins: /^<\?xml\b/i, is: 'XML' },
  { begins: /^\{\\rtf\d/, is: 'RTF' },
];

/** `<` and `{`. */
const MARKUP_STARTS = [0x3c, 0x7b];

/** A NUL byte among this many leading bytes means that a file is not text. */
export const PROBE_BYTES = 8192;

/** Leading bytes that tell text from records. */
const HEAD_BYTES = 64 << 10;

/**
 * Refuses files that are not text, and text that is records of another format, judging by their first bytes.
 * @throws InputError that says what it seems to be
 */
export function refuseOtherFormat(bytes: Uint8Array, part: UnitPart): void {
  refuseBinary(bytes, part.path);
  if (part.format !== 'text' || part.isAsked) return;
  const path = named(part.path);
  refuseRecords(bytes, path);
  refuseMarkup(bytes, path);
}

/**
 * Refuses files that are not UTF-8 text of any format, judging by their first bytes.
 * @throws InputError that says what it seems to be
 */
export function refuseBinary(bytes: Uint8Array, path: string): void {
  for (const { bytes: signature, is, remedy } of SIGNATURES)
    if (signature.every((byte, i) => bytes[i] === byte))
      throw new InputError(`${named(path)}: is ${is}, expected text; ${remedy}, or leave it out`);
  if (start(bytes, PROBE_BYTES).includes(0))
    throw new InputError(`${named(path)}: is binary, expected text; leave it out or convert it`);
}

/** An input's name in messages. */
export function named(path: string): string {
  return path === '-' ? 'standard input' : path;
}

function refuseRecords(bytes: Uint8Array, path: string): void {
  const other = recognise(start(bytes, HEAD_BYTES));
  if (other)
    throw new InputError(
      say`${path}: looks like ${other.name}, expected text; read it as that with ${mention('inputFormat', other.name)} and ${mention('textField', '<name>')}, or as text with ${mention('inputFormat', 'text')}`,
    );
}

/** The first bytes; of small files, of which there may be many, without making a view. */
function start(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.length > length ? bytes.subarray(0, length) : bytes;
}

function refuseMarkup(bytes: Uint8Array, path: string): void {
  const first = firstCharacter(bytes);
  if (first === undefined || !MARKUP_STARTS.includes(first)) return;
  const begin = Buffer.from(bytes.subarray(markLength(bytes), PROBE_BYTES))
    .toString('latin1')
    .trimStart();
  const kind = MARKUP.find(({ begins }) => begins.test(begin));
  if (kind)
    throw new InputError(
      say`${path}: is ${kind.is}, expected text; extract the text, or read it as it is with ${mention('inputFormat', 'text')}`,
    );
}

function ascii(text: string): number[] {
  return [...Buffer.from(text, 'latin1')];
}
