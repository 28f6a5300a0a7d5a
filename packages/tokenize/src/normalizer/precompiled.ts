import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';

/**
 * The `Precompiled` normalizer: SentencePiece's map of characters to replacements, a double-array trie of UTF-8 bytes
 * followed by the replacements. As in Rust tokenizers, a grapheme below six bytes is looked up as a whole (the entry of
 * its shortest known prefix replaces all of it), otherwise each of its characters is.
 */
export function precompiledNormalizer(charsmap: unknown, name: string): (text: string) => string {
  if (charsmap !== undefined && charsmap !== null && typeof charsmap !== 'string')
    throw new InputError(`${name}: precompiled_charsmap is ${shown(charsmap)}, expected base64`);
  const bytes = Buffer.from(charsmap ?? '', 'base64');
  if (bytes.length < 4) return (text) => text;
  const trieBytes = bytes.readUInt32LE(0);
  if (trieBytes % 4 !== 0 || trieBytes < 4 || trieBytes > bytes.length - 4)
    throw new InputError(`${name}: precompiled_charsmap is damaged: its trie would have ${trieBytes} bytes`);
  const map = new CharacterMap(bytes);
  const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
  const cached = new Map<string, string>();
  const replaceGrapheme = (grapheme: string): string => {
    const known = cached.get(grapheme);
    if (known !== undefined) return known;
    const whole = Buffer.byteLength(grapheme) < 6 ? map.find(grapheme) : undefined;
    const replaced = whole ?? Array.from(grapheme, (c) => map.find(c) ?? c).join('');
    if (cached.size >= MAX_CACHED) cached.clear();
    cached.set(grapheme, replaced);
    return replaced;
  };
  const changedAscii = Array.from({ length: 128 }, (_, c) => String.fromCharCode(c)).filter(
    (c) => replaceGrapheme(c) !== c,
  );
  // Between two ASCII characters other than CR LF a grapheme always ends, so only other characters and their neighbours
  // are segmented.
  const ascii = changedAscii.map((c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
  const beside = '[\\0-\\x0c\\x0e-\\x7f]?';
  const pattern = new RegExp(`\\r\\n|(?:${beside}[^\\0-\\x7f]+)+${beside}|[${ascii}]`, 'g');
  return (text) =>
    text.replace(pattern, (part) => {
      if (part.length === 1 || part === '\r\n') return replaceGrapheme(part);
      let replaced = '';
      for (const { segment } of graphemes.segment(part)) replaced += replaceGrapheme(segment);
      return replaced;
    });
}

const MAX_CACHED = 1 << 16;

class CharacterMap {
  readonly #units: Uint32Array;
  readonly #replacements: Buffer;

  constructor(bytes: Buffer) {
    const trieBytes = bytes.readUInt32LE(0);
    this.#units = new Uint32Array(trieBytes >> 2).map((_, i) => bytes.readUInt32LE(4 + 4 * i));
    this.#replacements = bytes.subarray(4 + trieBytes);
  }

  /** The replacement of the shortest known prefix of a text. */
  find(text: string): string | undefined {
    const units = this.#units;
    let at = offsetOf(units[0]!);
    for (const byte of Buffer.from(text)) {
      if (byte === 0) return undefined;
      at ^= byte;
      const unit = units[at] ?? 0;
      if ((unit & 0x800000ff) >>> 0 !== byte) return undefined;
      at ^= offsetOf(unit);
      if ((unit & 0x100) !== 0) {
        const start = units[at]! & 0x7fffffff;
        return this.#replacements.toString('utf8', start, this.#replacements.indexOf(0, start));
      }
    }
    return undefined;
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
