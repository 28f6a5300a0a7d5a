import { unpackRanges } from './properties.js';
import { combiningMark, letter, normalized, number } from './tables.generated.js';

/** Classes of characters as the reference has them (its Unicode is older than Node's): the inside of `[…]` with flag u. */
export const characterClasses = {
  /** `\p{L}` */
  letter: lazily(() => classOf(letter)),
  /** `\p{N}` */
  number: lazily(() => classOf(number)),
  /** `\p{M}`, which the StripAccents normalizer removes. */
  combiningMark: lazily(() => classOf(combiningMark)),
};

/** Whether a character is a letter, a mark, a digit or joins them, which a `single_word` token must not touch. */
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

/**
 * A Unicode normalization form, as in the reference. Characters that only a newer Unicode normalizes stay as they are.
 */
export function toNormalForm(text: string, form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): string {
  if (!/[^\0-\x7f]/.test(text)) return text;
  return text
    .split(newerCharacters())
    .map((part, i) => (i % 2 ? part : part.normalize(form)))
    .join('');
}

/** Characters that Node's Unicode normalizes and the reference's does not know of; in the reference, they part others. */
const newerCharacters = lazily(() => {
  const known = new Set<number>();
  for (const [first, end] of unpackRanges(normalized)) for (let c = first; c < end; c++) known.add(c);
  const newer = new Set<number>();
  for (let c = 0xa0; c < 0x30000; c++) {
    if (known.has(c) || (c >= 0x3400 && c < 0xa000) || (c >= 0xd800 && c < 0xe000)) continue;
    const character = String.fromCodePoint(c);
    const canonical = character.normalize('NFD');
    if (character.normalize('NFKD') !== character || combines(character)) newer.add(c);
    const starter = canonical.codePointAt(0)!;
    if (canonical !== character && !known.has(starter)) newer.add(starter);
  }
  return new RegExp(`([${Array.from(newer, escaped).join('')}])`, 'u');
});

/** Whether a mark is put in an order with others: its canonical combining class is above 0. */
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
