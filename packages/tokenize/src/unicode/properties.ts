import * as tables from './tables.generated.js';

/** Classes of a code point, as bits, as in the reference, Rust tokenizers 0.23 (see scripts/unicode_tables.py). */
export const DROPPED = 1; // NUL, U+FFFD and control characters, which clean_text removes
export const WHITESPACE = 2;
export const PUNCTUATION = 4;
export const NONSPACING_MARK = 8; // removed by strip_accents
export const IDEOGRAPH = 16; // spaced by handle_chinese_chars

const HANGUL_FIRST = 0xac00;
const HANGUL_COUNT = 11172;

/** The reference's properties of all code points. */
export interface UnicodeProperties {
  /** The class bits of each code point. */
  classes: Uint8Array;
  /** Half-open ranges of code points of each class, DROPPED and IDEOGRAPH first. */
  classRanges: readonly (readonly [first: number, end: number, bit: number])[];
  /** Full canonical decompositions, without those of Hangul syllables: see `decompose`. */
  decomposition: Map<number, readonly number[]>;
  lowercase: Map<number, readonly number[]>;
  /** Canonical combining classes above 0. */
  combiningClass: Map<number, number>;
}

let cached: UnicodeProperties | undefined;

/** The properties, unpacked from the generated tables at the first call (some milliseconds, 1.1 MB). */
export function unicodeProperties(): UnicodeProperties {
  cached ??= unpack();
  return cached;
}

/** The canonical decomposition of a code point; undefined if it has none. */
export function decompose(properties: UnicodeProperties, codePoint: number): readonly number[] | undefined {
  const syllable = codePoint - HANGUL_FIRST;
  if (syllable < 0 || syllable >= HANGUL_COUNT) return properties.decomposition.get(codePoint);
  const jamo = [0x1100 + Math.floor(syllable / 588), 0x1161 + Math.floor((syllable % 588) / 28)];
  return syllable % 28 === 0 ? jamo : [...jamo, 0x11a7 + (syllable % 28)];
}

function unpack(): UnicodeProperties {
  const classes = new Uint8Array(0x110000);
  const classRanges: [number, number, number][] = [];
  const mark = (packed: string, bit: number) => {
    for (const [first, end] of unpackRanges(packed)) {
      classRanges.push([first, end, bit]);
      // The first class has by far the most code points, and there are no other bits to keep yet.
      if (bit === DROPPED) classes.fill(bit, first, end);
      else for (let c = first; c < end; c++) classes[c]! |= bit;
    }
  };
  mark(tables.dropped, DROPPED);
  mark(tables.ideograph, IDEOGRAPH);
  mark(tables.whitespace, WHITESPACE);
  mark(tables.punctuation, PUNCTUATION);
  mark(tables.nonspacingMark, NONSPACING_MARK);
  const combiningClass = new Map<number, number>();
  for (const entry of tables.combiningClass.split(',')) {
    const [value, packed] = entry.split('=') as [string, string];
    const combining = Number.parseInt(value, 36);
    for (const [first, end] of unpackRanges(packed)) {
      for (let c = first; c < end; c++) combiningClass.set(c, combining);
    }
  }
  return {
    classes,
    classRanges,
    decomposition: unpackMapping(tables.decomposition),
    lowercase: unpackMapping(tables.lowercase),
    combiningClass,
  };
}

/**
 * Half-open ranges from base-36 pairs: the distance from the previous range's last code point, and the length minus
 * one.
 */
export function unpackRanges(packed: string): [number, number][] {
  const numbers = packed.split(' ').map((digits) => Number.parseInt(digits, 36));
  const ranges: [number, number][] = [];
  let last = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const first = last + numbers[i]!;
    last = first + numbers[i + 1]!;
    ranges.push([first, last + 1]);
  }
  return ranges;
}

function unpackMapping(packed: string): Map<number, readonly number[]> {
  const mapping = new Map<number, readonly number[]>();
  let codePoint = 0;
  for (const entry of packed.split(' ')) {
    const [gap, ...distances] = entry.split(':').map((digits) => Number.parseInt(digits, 36));
    codePoint += gap!;
    const from = codePoint;
    mapping.set(
      from,
      distances.map((distance) => from + distance),
    );
  }
  return mapping;
}
