import { skipSpace } from '../source/boundary.js';
import type { DocumentMode, EncodedText } from '../tokenizer/types.js';

/** Divides a text into documents and encodes each as a string, for encoders that work on strings. */
export function encodeDocuments(
  text: Uint8Array,
  mode: DocumentMode,
  encodeText: (document: string) => Iterable<number>,
): EncodedText {
  const ids: number[] = [];
  const documentEnds: number[] = [];
  const documentStarts: number[] = [];
  let invalidUtf8 = 0;
  for (const { start, end } of documents(text, mode)) {
    const decoded = decodeLossy(text.subarray(start, end));
    invalidUtf8 += decoded.invalid;
    const before = ids.length;
    for (const id of encodeText(decoded.text)) ids.push(id);
    if (ids.length === before) continue;
    documentEnds.push(ids.length);
    documentStarts.push(start);
  }
  return {
    ids: Int32Array.from(ids),
    documentEnds: Int32Array.from(documentEnds),
    documentStarts: Int32Array.from(documentStarts),
    invalidUtf8,
  };
}

const REPLACEMENT = '\ufffd';

/** Decodes arbitrary bytes; `invalid` counts the ill-formed sequences that became U+FFFD. */
export function decodeLossy(bytes: Uint8Array): { text: string; invalid: number } {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const written = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return { text, invalid: text.split(REPLACEMENT).length - written.split('\xef\xbf\xbd').length };
}

/** A blank line or text. */
export const BLANK = /^\p{White_Space}*$/u;

/** Byte ranges of the documents of a text; the last one extends to its end, and may be empty. */
export function documents(text: Uint8Array, mode: DocumentMode): { start: number; end: number }[] {
  if (mode === 'none') return [{ start: 0, end: text.length }];
  const found: { start: number; end: number }[] = [];
  let start = 0;
  for (let lineStart = 0; lineStart < text.length; ) {
    const newline = text.indexOf(0x0a, lineStart);
    const lineEnd = newline < 0 ? text.length : newline + 1;
    const ends = newline >= 0 && (mode === 'line' || isBlank(text.subarray(lineStart, lineEnd)));
    if (ends) {
      found.push({ start, end: lineEnd });
      start = lineEnd;
    }
    lineStart = lineEnd;
  }
  found.push({ start, end: text.length });
  return found;
}

function isBlank(line: Uint8Array): boolean {
  const first = line[skipSpace(line, 0)] ?? 32;
  // Most lines begin with a visible ASCII character, which decides it.
  return (first <= 32 || first >= 128) && BLANK.test(decodeLossy(line).text);
}
