import { decompose, unicodeProperties, unpackRanges } from './properties.js';
import { combiningMark, letter, normalized, number } from './tables.generated.js';

/** The reference's classes of characters (its Unicode is older than Node's), to go inside `[…]` with flag u. */
export const characterClasses = {
  /** `\p{L}` */
  letter: lazily(() => classOf(letter)),
  /** `\p{N}` */
  number: lazily(() => classOf(number)),
  /** `\p{M}`, which the StripAccents normalizer removes. */
  combiningMark: lazily(() => classOf(combiningMark)),
};

/** Whether a character is a letter, a mark, a digit or a joiner, which a `single_word` token must not touch. */
export function isWordCharacter(character: string): boolean {
  if (!/^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_C}]$/u.test(character)) return false;
  const { letters, numbers } = knownCharacters();
  if (/\p{L}/u.test(character)) return letters.test(character);
  return /\p{N}/u.test(character) ? numbers.test(character) : true;
}

const knownCharacters = lazily(() => ({
  letters: new RegExp(`[${characterClasses.letter()}]`, 'u'),
  numbers: new RegExp(`[${characterClasses.number()}]`, 'u'),
}));

/** A Unicode normalization form, as in the reference: characters that only a newer Unicode normalizes are kept. */
export function toNormalForm(text: string, form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): string {
  if (!/[^\0-\x7f]/.test(text)) return text;
  return text
    .split(newerCharacters())
    .map((part, i) => (i % 2 ? part : part.replace(LONG_RUN, inCanonicalOrder).normalize(form)))
    .join('');
}

/** A run of marks for which V8's normalization, which sorts by insertion, would take a time that grows with its square. */
const LONG_RUN = /\p{M}{64,}/gu;

/** A canonically equivalent run, whose marks are decomposed and sorted as NFD has them. */
function inCanonicalOrder(run: string): string {
  const properties = unicodeProperties();
  const marks = Array.from(run, (mark) => mark.codePointAt(0)!).flatMap(
    (c) => decompose(properties, c) ?? [c],
  );
  const classOf = (c: number) => properties.combiningClass.get(c) ?? 0;
  const sorted: number[] = [];
  for (let begin = 0, end = 0; begin < marks.length; begin = end) {
    // A mark of class 0 stays where it is, and no other passes it.
    do end++;
    while (end < marks.length && classOf(marks[begin]!) > 0 && classOf(marks[end]!) > 0);
    for (const mark of marks.slice(begin, end).sort((a, b) => classOf(a) - classOf(b))) sorted.push(mark);
  }
  return Array.from(sorted, (mark) => String.fromCodePoint(mark)).join('');
}

/**
 * Blocks whose characters may take part in a normalization form. In the others, ideographs, Hangul, surrogates, private use
 * and Tangut, no version of Unicode will change anything: Hangul syllables and their parts are known to the reference.
 */
const CHANGING = [
  [0, 0x3400],
  [0xa000, 0xac00],
  [0xf900, 0x17000],
  [0x18d00, 0x20000],
  [0x2f800, 0x2fb00],
] as const;

/**
 * Characters that Node's Unicode normalizes and the reference's does not know; in the reference they separate others.
 */
const newerCharacters = lazily(() => {
  const known = new Uint8Array(0x30000);
  for (const [first, end] of unpackRanges(normalized)) known.fill(1, first, end);
  const newer = new Set<number>();
  for (const [from, to] of CHANGING) {
    for (let first = from; first < to; first += 0x100) {
      const block = Array.from({ length: 0x100 }, (_, i) => first + i);
      if (isInert(String.fromCodePoint(...block))) continue;
      for (const c of block) {
        if (known[c]) continue;
        const character = String.fromCodePoint(c);
        const canonical = character.normalize('NFD');
        if (character.normalize('NFKD') !== character || combines(character)) newer.add(c);
        const starter = canonical.codePointAt(0)!;
        if (canonical !== character && !known[starter]) newer.add(starter);
      }
    }
  }
  return new RegExp(`([${Array.from(newer, escaped).join('')}])`, 'u');
});

/** Whether no normalization form changes a character of the text, and none is a mark: so in most blocks of 256. */
function isInert(characters: string): boolean {
  return characters.normalize('NFKD') === characters && !/\p{M}/u.test(characters);
}

/** Whether a mark is reordered with others, because its canonical combining class is above 0. */
function combines(character: string): boolean {
  if (!/\p{M}/u.test(character)) return false;
  return [`${character}\u0334`, `\u0345${character}`].some((text) => text.normalize('NFD') !== text);
}

function classOf(packed: string): string {
  return unpackRanges(packed)
    .map(([first, end]) => (end - first === 1 ? escaped(first) : `${escaped(first)}-${escaped(end - 1)}`))
    .join('');
}

function escaped(codePoint: number): string {
  return `\\u{${codePoint.toString(16)}}`;
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
