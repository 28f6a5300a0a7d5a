import type { ComponentJson } from '../tokenizer/tokenizer-json.js';
import { characterClasses } from '../unicode/patterns.js';

/** GPT-2's words, with each byte as one character. */
export function byteLevel(json: ComponentJson): (text: string) => string[] {
  const words = json.use_regex === false ? undefined : gpt2Words();
  return (text) => {
    const prefixed = json.add_prefix_space === true && !text.startsWith(' ') ? ` ${text}` : text;
    return (words ? (prefixed.match(words) ?? []) : [prefixed]).map(byteCharacters);
  };
}

function gpt2Words(): RegExp {
  const l = characterClasses.letter();
  const n = characterClasses.number();
  const s = '\\p{White_Space}';
  return new RegExp(
    `'s|'t|'re|'ve|'m|'ll|'d| ?[${l}]+| ?[${n}]+| ?[^${s}${l}${n}]+|${s}+(?!\\P{White_Space})|${s}+`,
    'gu',
  );
}

/** The 256 characters by which GPT-2 represents bytes; printable Latin-1 represents itself. */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(printable ? byte : next++);
  });
})();

/** The bytes of {@link BYTE_CHARACTERS}. */
export const BYTE_OF: ReadonlyMap<string, number> = new Map(
  BYTE_CHARACTERS.map((character, byte) => [character, byte]),
);

function byteCharacters(word: string): string {
  let characters = '';
  for (const byte of Buffer.from(word)) characters += BYTE_CHARACTERS[byte];
  return characters;
}
