/** A text that the page can train on. */
export interface Text {
  /** UTF-8. */
  bytes: Uint8Array;
  /** Its name, size and, where it is not UTF-8, encoding. */
  description: string;
}

/** What a tab can hold beside the rows and masks made of it. */
const mostMegabytes = 50;
/** Bytes in which signs of a binary file are looked for. */
const head = 65_536;

/**
 * Reads a file as text: UTF-8, UTF-16 with a byte order mark, or else Windows-1252.
 * @throws Error with one line that says what is wrong with the file
 */
export function readText(bytes: Uint8Array, name: string): Text {
  const size = `${bytes.length.toLocaleString('en')} bytes`;
  if (bytes.length > mostMegabytes * 1e6)
    throw new Error(`${name} has ${size}; a tab takes up to ${mostMegabytes} MB. Drop a part of it.`);
  if (/\.jsonl?$/i.test(name))
    throw new Error(`${name} is JSON; plain text is expected. Drop its texts alone.`);
  const utf16 = encodingOfMark(bytes);
  if (!utf16 && isBinary(bytes.subarray(0, head)))
    throw new Error(`${name} is binary; plain text is expected.`);
  const encoding = utf16 ?? (isUtf8(bytes) ? 'utf-8' : 'windows-1252');
  const text = new TextDecoder(encoding).decode(bytes);
  if (text.trim() === '') throw new Error(`${name} is empty; drop a file with text in it.`);
  return {
    bytes: encoding === 'utf-8' ? bytes : new TextEncoder().encode(text),
    description: `${name}: ${size}${encoding === 'utf-8' ? '' : `, read as ${encoding.replace('utf', 'UTF').replace('windows', 'Windows')}`}`,
  };
}

function encodingOfMark([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

/** Text has no zeros and hardly any control characters; PDF and ZIP (.docx, .epub) say what they are. */
function isBinary(bytes: Uint8Array): boolean {
  const begin = String.fromCharCode(...bytes.subarray(0, 4));
  if (bytes.includes(0) || begin === '%PDF' || begin === 'PK\x03\x04') return true;
  const isControl = (byte: number) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13;
  return bytes.filter(isControl).length > bytes.length / 50;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
